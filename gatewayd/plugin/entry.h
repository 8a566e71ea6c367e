// Which plugin a command of `gatewayd plugin` is about: its file, and its entry in a configuration. Start-up
// only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_ENTRY_H
#define GATEWAYD_GATEWAYD_PLUGIN_ENTRY_H

#include <optional>

#include "core/config/settings.h"
#include "gatewayd/command_line.h"

namespace gatewayd {

// The entry of plugins.load in --config that has this file, or its name; without --config one that has no
// configuration. Nothing: why stands on standard error.
std::optional<PluginSettings> plugin_entry(const CommandLine& line);

}  // namespace gatewayd

#endif
