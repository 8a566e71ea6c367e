#include "tests/bench/load/meter.h"

#include <cstdlib>
#include <string>

namespace load {
namespace {

constexpr int turn_ms = 20;
constexpr uint64_t ns_per_ms = 1000000;

}  // namespace

bool Meter::turn_until(const std::function<bool()>& done, const Count& progress, const char* what) {
    uint64_t last = progress();
    uint64_t last_at_ns = monotonic_ns();
    while (!done()) {
        loop_.turn(turn_ms);
        if (loop_.error_count() != 0) return false;
        const uint64_t current = progress();
        const uint64_t now_ns = monotonic_ns();
        if (current != last) {
            last = current;
            last_at_ns = now_ns;
        } else if (now_ns - last_at_ns > options_.stall_ms * ns_per_ms) {
            loop_.fail(std::string("no progress: ") + what);
            return false;
        }
    }
    return true;
}

bool Meter::measure(const Count& count, Report& report) {
    const auto until = [](uint64_t end_ns) { return [end_ns] { return monotonic_ns() >= end_ns; }; };
    if (!turn_until(until(monotonic_ns() + options_.warm_up_ms * ns_per_ms), count, "warm-up")) return false;

    const uint64_t count_before = count();
    const int64_t server_before_ns = server_.cpu_ns();
    const int64_t client_before_ns = own_cpu_ns();
    const uint64_t start_ns = monotonic_ns();
    measuring_ = true;
    const bool well = turn_until(until(start_ns + options_.measure_ms * ns_per_ms), count, "measuring");
    measuring_ = false;
    report.seconds = static_cast<double>(monotonic_ns() - start_ns) / 1e9;
    report.server_cpu_s = static_cast<double>(server_.cpu_ns() - server_before_ns) / 1e9;
    report.client_cpu_s = static_cast<double>(own_cpu_ns() - client_before_ns) / 1e9;
    report.messages = count() - count_before;
    return well;
}

// Servers go on allocating and freeing for a while after the last connect: waits until half a second shows no
// change of more than 64 KB, for at most five seconds.
Memory Meter::settled_memory() {
    constexpr int checks_max = 50;
    constexpr int calm_checks = 5;
    constexpr int64_t calm_kb = 64;
    Memory reference = server_.memory();
    Memory now = reference;
    for (int check = 0, calm = 0; check < checks_max && calm < calm_checks; ++check, ++calm) {
        const uint64_t end_ns = monotonic_ns() + 100 * ns_per_ms;
        while (monotonic_ns() < end_ns)
            loop_.turn(turn_ms);
        now = server_.memory();
        if (std::llabs(now.rss_kb - reference.rss_kb) > calm_kb) {
            reference = now;
            calm = -1;
        }
    }
    return now;
}

}  // namespace load
