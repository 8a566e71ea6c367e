// Turns the loop through warm-up and measuring, and says what the server used for what was counted meanwhile.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_METER_H
#define GATEWAYD_TESTS_BENCH_LOAD_METER_H

#include <cstdint>
#include <functional>

#include "tests/bench/load/histogram.h"
#include "tests/bench/load/loop.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/server_process.h"

namespace load {

// One run's result, printed as JSON.
struct Report {
    uint64_t messages = 0;  // or connects, in the measured time
    double seconds = 0;
    double server_cpu_s = 0;
    double client_cpu_s = 0;  // the generator's own
    Histogram latency;
    uint64_t lost = 0;
    uint64_t duplicate = 0;
    uint64_t reordered = 0;
    uint32_t open_connections = 0;
    // idle only: with no connection yet, with a few, and with all of them
    Memory memory_at_start;
    Memory memory_with_few;
    Memory memory_at_end;
    uint32_t few_connections = 0;
};

class Meter {
   public:
    using Count = std::function<uint64_t()>;

    Meter(const Options& options, Loop& loop) : options_(options), loop_(loop), server_(options.pid) {}

    // Until `done`; false when an error happened or `progress` stood still for stall_ms, which is an error
    // too.
    bool turn_until(const std::function<bool()>& done, const Count& progress, const char* what);
    // Warm-up, then the measured time, which fills messages, seconds and CPU times. As above.
    bool measure(const Count& count, Report& report);
    bool measuring() const { return measuring_; }
    Memory settled_memory();

   private:
    const Options& options_;
    Loop& loop_;
    ServerProcess server_;
    bool measuring_ = false;
};

}  // namespace load

#endif
