// `gatewayd plugin check FILE`: a child process drives the plugin (probe.h), this one reports, and outlives
// what the plugin does to the other: a crash, an exit, an endless loop. Start-up only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_CHECK_H
#define GATEWAYD_GATEWAYD_PLUGIN_CHECK_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int check_plugin(const CommandLine& line);

}  // namespace gatewayd

#endif
