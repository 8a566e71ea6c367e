#include "core/chain/breaker.h"

namespace gatewayd {

const char* name(OverrunAction action) {
    return action == OverrunAction::bypass ? "bypass" : action == OverrunAction::reject ? "reject" : "log";
}

const char* name(BreakerState state) {
    return state == BreakerState::open ? "open" : state == BreakerState::half_open ? "half_open" : "closed";
}

Breaker::Pass Breaker::ask(uint64_t now_ns) {
    if (is_closed()) return Pass::normal;
    const std::lock_guard lock(mutex_);
    switch (state()) {
        case BreakerState::closed:
            return Pass::normal;
        case BreakerState::half_open:
            return Pass::held_off;  // somebody else's probe is under way
        case BreakerState::open:
            break;
    }
    if (now_ns < opened_ns_ + budget_.retry_ns) return Pass::held_off;
    state_.store(BreakerState::half_open, std::memory_order_relaxed);
    return Pass::probe;
}

Breaker::Change Breaker::decide(Pass pass, size_t kind, bool over, uint64_t now_ns) {
    if (budget_.action == OverrunAction::log) return Change::none;
    if (pass == Pass::probe) {
        const std::lock_guard lock(mutex_);
        if (over) {
            open(now_ns);
            return Change::opened_again;
        }
        for (auto& count : in_a_row_)
            count.store(0, std::memory_order_relaxed);
        state_.store(BreakerState::closed, std::memory_order_relaxed);
        return Change::closed;
    }
    if (in_a_row_[kind].fetch_add(1, std::memory_order_relaxed) + 1 < budget_.limit) return Change::none;
    const std::lock_guard lock(mutex_);
    if (state() != BreakerState::closed) return Change::none;  // calls that began before it opened
    open(now_ns);
    times_opened_.fetch_add(1, std::memory_order_relaxed);
    return Change::opened;
}

void Breaker::open(uint64_t now_ns) {
    opened_ns_ = now_ns;
    state_.store(BreakerState::open, std::memory_order_relaxed);
}

}  // namespace gatewayd
