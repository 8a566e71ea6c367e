// `gatewayd trace`: asks a running gateway's admin listener for a trace of one client, and prints it as it
// comes.
#ifndef GATEWAYD_GATEWAYD_TRACE_TRACE_H
#define GATEWAYD_GATEWAYD_TRACE_TRACE_H

#include "gatewayd/command_line.h"

namespace gatewayd {

// The exit status: exit_clean when the trace came to its end, exit_failed when the gateway could not be
// asked.
int trace(const CommandLine& line);

}  // namespace gatewayd

#endif
