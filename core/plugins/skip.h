// Whether the gateway starts without a plugin because its file crashed too often: plugins.crash_limit and the
// entry's on_crash (docs/operating.md). [control]
#ifndef GATEWAYD_CORE_PLUGINS_SKIP_H
#define GATEWAYD_CORE_PLUGINS_SKIP_H

#include <string>

#include "core/config/settings.h"
#include "core/plugins/crash_record.h"
#include "core/plugins/library.h"

namespace gatewayd {

// A plugin of the configuration that is not loaded.
struct SkippedPlugin {
    PluginSettings settings;
    PluginLibrary::Verified file;  // path empty: its file cannot be had
    uint32_t crashes = 0;          // in a row
    std::string why;
};

struct SkipDecision {
    bool skip = false;
    uint32_t crashes = 0;  // in a row, of this file
    std::string why;       // for operators; empty: nothing is the matter
};

SkipDecision decide_to_skip(const PluginSettings& plugin, const PluginLibrary::Verified& file,
                            const CrashRecord& record, uint32_t crash_limit);

}  // namespace gatewayd

#endif
