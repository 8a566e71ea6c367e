// `gatewayd plugin reload NAME`: asks the gateway that runs with this configuration for a new generation of a
// plugin, and says what it answered. Start-up only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_RELOAD_H
#define GATEWAYD_GATEWAYD_PLUGIN_RELOAD_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int reload_plugin(const CommandLine& line);

}  // namespace gatewayd

#endif
