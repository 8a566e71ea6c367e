// `gatewayd plugin bench FILE`: ns a call of each kind of request that a plugin wants. Start-up only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_BENCH_H
#define GATEWAYD_GATEWAYD_PLUGIN_BENCH_H

#include "gatewayd/command_line.h"

namespace gatewayd {

int bench_plugin(const CommandLine& line);

}  // namespace gatewayd

#endif
