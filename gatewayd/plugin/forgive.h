// `gatewayd plugin forgive NAME`: an operator says that a plugin may be loaded again though it crashed.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_FORGIVE_H
#define GATEWAYD_GATEWAYD_PLUGIN_FORGIVE_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int forgive_plugin(const CommandLine& line);

}  // namespace gatewayd

#endif
