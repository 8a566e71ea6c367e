#include "core/async/control_timers.h"

#include <algorithm>

namespace gatewayd {
namespace {

constexpr uint64_t ns_per_ms = 1'000'000;

}  // namespace

void ControlTimers::set_home(uint64_t (*now_ns)(), std::function<void()> wake) {
    now_ns_ = now_ns;
    wake_ = std::move(wake);
}

// --- [any] ---

int32_t ControlTimers::start(const TimerOrder& order, gw_token* out) {
    if (!now_ns_) return GW_E_STATE;
    const uint64_t due_ns = now_ns_() + order.after_ms * ns_per_ms;
    const int32_t added = add(order, control_token_slot, out, [&](Timer* made) {
        made->state = Timer::State::armed;
        made->due_ns = due_ns;
        by_due_.insert(made);
    });
    if (added != GW_OK) return added;
    if (next_due_ns() == due_ns) wake_();
    return GW_OK;
}

int32_t ControlTimers::cancel(const void* instance, gw_token token) {
    bool stale = false;
    if (TimerTable::cancel(instance, token.generation, &stale)) wake_();
    return stale ? GW_E_STALE : GW_OK;
}

uint64_t ControlTimers::next_due_ns() const {
    const std::lock_guard lock(mutex_);
    return by_due_.empty() ? 0 : (*by_due_.begin())->due_ns;
}

// --- the control thread ---

uint64_t ControlTimers::run() {
    for (Timer* timer : take_cancelled())
        end(timer, GW_E_CANCELLED);
    const uint64_t until_ns = now_ns_();
    TimerOrder order;
    while (Timer* timer = take_due(until_ns, now_ns_(), &order)) {
        if (order.every_ms == 0) {
            end(timer, GW_TIMER_LAST);
        } else {
            call(order, nullptr, GW_TIMER_AGAIN);
        }
    }
    return next_due_ns();
}

// The first that was due then; a repeating one is due again later than that.
Timer* ControlTimers::take_due(uint64_t until_ns, uint64_t now_ns, TimerOrder* order) {
    const std::lock_guard lock(mutex_);
    while (!by_due_.empty() && (*by_due_.begin())->due_ns <= until_ns) {
        Timer* timer = *by_due_.begin();
        by_due_.erase(by_due_.begin());
        if (timer->state == Timer::State::cancelled) continue;  // its end is on its way
        *order = timer->order;
        if (order->every_ms == 0) {
            timer->state = Timer::State::cancelled;  // nobody else's any more
            return timer;
        }
        const uint64_t every_ns = order->every_ms * ns_per_ms;
        timer->due_ns += every_ns;
        if (timer->due_ns <= until_ns) timer->due_ns = now_ns + every_ns;
        by_due_.insert(timer);
        return timer;
    }
    return nullptr;
}

void ControlTimers::end(Timer* timer, int32_t status) {
    {
        const std::lock_guard lock(mutex_);
        by_due_.erase(timer);
    }
    call(remove(timer), nullptr, status);
}

void ControlTimers::forget(const void* instance) {
    for (Timer* timer : cancel_all(instance))
        end(timer, GW_E_CANCELLED);
}

}  // namespace gatewayd
