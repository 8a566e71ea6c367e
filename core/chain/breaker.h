// Breaker: what becomes of a plugin whose calls run over its budget. Closed: everything passes. After `limit`
// calls of one kind of request in a row were over the budget it opens: no call is made. After `retry_ns` one
// call is let through as a probe (half open): within the budget it closes the breaker, else it opens again.
// Knows no clock and no plugin; one for a plugin, all reactors. [any]
#ifndef GATEWAYD_CORE_CHAIN_BREAKER_H
#define GATEWAYD_CORE_CHAIN_BREAKER_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/chain/plugin_stats.h"

namespace gatewayd {

// What a call over the budget leads to, beside a line in the log.
enum class OverrunAction : uint8_t { log, bypass, reject };
const char* name(OverrunAction action);

struct Budget {
    uint64_t ns = 0;  // of one call
    OverrunAction action = OverrunAction::log;
    uint32_t limit = 10;  // calls in a row
    uint64_t retry_ns = 10'000'000'000;
};

enum class BreakerState : uint8_t { closed, half_open, open };
const char* name(BreakerState state);

class Breaker {
   public:
    explicit Breaker(const Budget& budget) : budget_(budget) {}

    const Budget& budget() const { return budget_; }
    BreakerState state() const { return state_.load(std::memory_order_relaxed); }
    uint64_t times_opened() const { return times_opened_.load(std::memory_order_relaxed); }

    // Before a call. `held_off`: it must not be made. Who got `probe` calls ended() with it.
    enum class Pass : uint8_t { normal, probe, held_off };
    bool is_closed() const { return state() == BreakerState::closed; }
    Pass ask(uint64_t now_ns);

    // After a call for a request; what it did to the state.
    enum class Change : uint8_t { none, opened, opened_again, closed };
    Change ended(Pass pass, size_t kind, bool over, uint64_t now_ns) {
        if (over || pass == Pass::probe) return decide(pass, kind, over, now_ns);
        // Mostly it is 0, and then nobody writes what all reactors read.
        if (in_a_row_[kind].load(std::memory_order_relaxed) != 0)
            in_a_row_[kind].store(0, std::memory_order_relaxed);
        return Change::none;
    }

   private:
    Change decide(Pass pass, size_t kind, bool over, uint64_t now_ns);
    void open(uint64_t now_ns);

    const Budget budget_;
    std::atomic<BreakerState> state_{BreakerState::closed};
    std::array<std::atomic<uint32_t>, kind_count> in_a_row_{};
    std::atomic<uint64_t> times_opened_{0};
    std::mutex mutex_;        // of every change of state_
    uint64_t opened_ns_ = 0;  // guarded by mutex_
};

}  // namespace gatewayd

#endif
