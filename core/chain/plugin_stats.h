// PluginStats: what is counted of one plugin: the calls of each of its hooks, how long they took, what it put
// aside. Each reactor writes a lane of its own, so that counting shares nothing; readers add the lanes up.
// One for all generations of a plugin. [any]
#ifndef GATEWAYD_CORE_CHAIN_PLUGIN_STATS_H
#define GATEWAYD_CORE_CHAIN_PLUGIN_STATS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/counters.h"
#include "core/base/lane.h"

namespace gatewayd {

// The hooks that are counted; the first five are intercept, in the order of the kinds' bits.
enum class Hook : uint8_t {
    handshake,
    frame,
    message,
    publish,
    delivery,
    on_resume,
    on_cancel,
    done,
    on_event,
    attach,
    detach,
    timer,
    work_done,
    plugin_event,
    work,  // on other threads: neither counted nor timed
};
inline constexpr size_t hook_count = 15;
inline constexpr size_t kind_count = 5;
const char* name(Hook hook);  // "intercept_message", "on_resume"; the label `hook` of the metrics

// As the function of the ABI is called: "intercept". Async-signal-safe.
const char* function_name(Hook hook);

// By index_of_kind(): as notes of plugins, traces and reports call the kinds of requests.
inline constexpr std::array<std::string_view, kind_count> kind_names{"handshake", "frame", "message",
                                                                     "publish", "delivery"};

inline size_t index_of_kind(uint32_t kind) {
    return static_cast<size_t>(__builtin_ctz(kind));
}
inline Hook intercept_of(uint32_t kind) {
    return static_cast<Hook>(index_of_kind(kind));
}

// Upper bounds of the histogram, in ns; beyond the last there is one place more.
inline constexpr std::array<uint64_t, 15> call_bounds_ns{
    100,     250,       500,       1'000,     2'500,      10'000,     50'000,     100'000,
    250'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 50'000'000, 250'000'000};

// One call in so many is timed; with a budget each is.
inline constexpr uint64_t timed_call_interval = 64;

struct HookCounts {
    Counter calls;
    Counter timed_ns;                                        // of the timed ones, together
    std::array<Counter, call_bounds_ns.size() + 1> timed{};  // calls, by how long they took
};

// How what a plugin put aside has ended. In flight: begun less the others.
struct DeferralCounts {
    Counter begun;
    Counter resumed;
    Counter deadline;
    Counter cancelled;  // the connection ended, or the gateway
    Counter withdrawn;  // the hook returned another verdict
};

struct PluginLane {
    std::array<HookCounts, hook_count> hooks;
    DeferralCounts deferrals;
    Counter overruns;  // calls over the budget
    Counter bypassed;  // requests that went on without the plugin while its breaker was open
    Counter refused;   // requests that were refused then
};

// The sum of all lanes, as plain numbers.
struct HookTotals {
    uint64_t calls = 0;
    uint64_t timed_calls = 0;
    uint64_t timed_ns = 0;
    std::array<uint64_t, call_bounds_ns.size() + 1> timed{};
};
struct PluginTotals {
    std::array<HookTotals, hook_count> hooks;
    uint64_t deferred = 0;
    uint64_t resumed = 0;
    uint64_t deadlines = 0;
    uint64_t cancelled = 0;
    uint64_t withdrawn = 0;
    uint64_t overruns = 0;
    uint64_t bypassed = 0;
    uint64_t refused = 0;
    uint64_t errors = 0;
    uint64_t misuse = 0;

    uint64_t calls() const;
    uint64_t in_flight() const;  // put aside now
};

class PluginStats {
   public:
    PluginStats() = default;
    ~PluginStats();
    PluginStats(const PluginStats&) = delete;
    PluginStats& operator=(const PluginStats&) = delete;

    // The running thread's.
    PluginLane& lane() {
        PluginLane* own = lanes_[current_lane].load(std::memory_order_acquire);
        return __builtin_expect(own != nullptr, 1) ? *own : make_lane();
    }
    PluginTotals totals() const;

    std::atomic<uint64_t> errors{0};  // hooks that failed
    std::atomic<uint64_t> misuse{0};  // calls and verdicts against the rules

   private:
    PluginLane& make_lane();

    std::array<std::atomic<PluginLane*>, max_lanes> lanes_{};  // null: nothing was counted there yet
};

// Counts a timed call.
void add_timed_call(HookCounts* counts, uint64_t ns);

}  // namespace gatewayd

#endif
