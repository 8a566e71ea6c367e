// `gatewayd --config FILE`: the gateway from start to end. The control thread is the one that calls.
#ifndef GATEWAYD_GATEWAYD_RUN_H
#define GATEWAYD_GATEWAYD_RUN_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int run(const CommandLine& line);

}  // namespace gatewayd

#endif
