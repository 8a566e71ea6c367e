// The kinds of run. Each connects, waits until all are ready, measures, waits for what is under way, and
// fills the report; what goes wrong is counted by the loop.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_MODES_H
#define GATEWAYD_TESTS_BENCH_LOAD_MODES_H

#include "tests/bench/load/meter.h"

namespace load {

// A run's outcome: the report, and the errors that make it void.
struct Outcome {
    Report report;
    uint64_t errors = 0;
    std::string first_error;
};

// echo and user: each connection keeps `window` messages under way, to itself or to its partner.
Outcome run_exchange(const Options& options);
// One publisher keeps `window` messages under way; one is over when every subscriber has it.
Outcome run_fanout(const Options& options);
Outcome run_connect(const Options& options);
Outcome run_idle(const Options& options);
// Customers and agents with a ticket for each customer: each side keeps `window` messages under way.
Outcome run_ticket(const Options& options);
// Tickets that are opened, given to an agent and closed; the time is that until the customer hears of the
// agent.
Outcome run_assign(const Options& options);

}  // namespace load

#endif
