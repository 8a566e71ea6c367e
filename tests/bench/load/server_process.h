// The server as a process: what it has used of CPU time and memory. Any process of the same user on this
// machine.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_SERVER_PROCESS_H
#define GATEWAYD_TESTS_BENCH_LOAD_SERVER_PROCESS_H

#include <cstdint>
#include <ctime>

namespace load {

struct Memory {
    int64_t rss_kb = 0;
    int64_t anonymous_kb = 0;  // of that, not backed by a file
};

class ServerProcess {
   public:
    // Throws std::runtime_error when there is no such process.
    explicit ServerProcess(int pid);

    // User and system time of all threads so far, ended ones too; in nanoseconds, not in clock ticks.
    int64_t cpu_ns() const;
    // From /proc/PID/smaps_rollup; throws when the process has ended.
    Memory memory() const;

   private:
    int pid_;
    clockid_t clock_ = 0;
};

// This process.
int64_t own_cpu_ns();

}  // namespace load

#endif
