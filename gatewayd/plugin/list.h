// `gatewayd plugin list`: the plugins that a configuration names and those that lie in the folders, with what
// their notes say and what would refuse them. Runs none of their code. Start-up only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_LIST_H
#define GATEWAYD_GATEWAYD_PLUGIN_LIST_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int list_plugins(const CommandLine& line);

}  // namespace gatewayd

#endif
