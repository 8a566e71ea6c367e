// The lines of the crash record as the crash handler writes them, without a heap: words with a space between.
//   crash IDENTITY MS SIGNAL NAME FUNCTION GUARDS
// IDENTITY is of the plugin's file, MS since 1970, GUARDS 0 or 1 (PluginTag::guards). Async-signal-safe.
#ifndef GATEWAYD_CORE_PLUGINS_CRASH_LINE_H
#define GATEWAYD_CORE_PLUGINS_CRASH_LINE_H

#include <cstddef>
#include <cstdint>

#include "core/chain/plugin_call.h"

namespace gatewayd {

inline constexpr size_t max_crash_line_bytes = 256;

// Returns its length, with the line feed; 0: the scene names no file that is counted.
size_t make_crash_line(const PluginScene& scene, const char* signal, int64_t ms,
                       char (&line)[max_crash_line_bytes]);

}  // namespace gatewayd

#endif
