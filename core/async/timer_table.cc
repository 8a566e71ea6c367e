#include "core/async/timer_table.h"

#include <atomic>
#include <utility>

namespace gatewayd {
namespace {

// Of all tables, so that a token is good for one of them only, and for no deferral.
std::atomic<uint64_t> last_generation{uint64_t{1} << 62};

}  // namespace

std::unique_ptr<Timer> TimerTable::make(const TimerOrder& order) {
    auto timer = std::make_unique<Timer>();
    timer->order = order;
    timer->generation = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
    return timer;
}

bool TimerTable::cancel(const void* instance, uint64_t generation, bool* stale) {
    const std::lock_guard lock(mutex_);
    const auto found = timers_.find(generation);
    *stale = found == timers_.end() || found->second->order.owner->instance != instance ||
             found->second->state == Timer::State::cancelled;
    if (*stale) return false;
    found->second->state = Timer::State::cancelled;
    cancelled_.push_back(generation);
    return cancelled_.size() == 1;
}

bool TimerTable::withdraw(uint64_t generation) {
    const std::lock_guard lock(mutex_);
    const auto found = timers_.find(generation);
    if (found == timers_.end() || found->second->state != Timer::State::starting) return false;
    found->second->order.owner->timers.fetch_sub(1, std::memory_order_relaxed);
    timers_.erase(found);
    return true;
}

size_t TimerTable::size() const {
    const std::lock_guard lock(mutex_);
    return timers_.size();
}

// --- the home's thread ---

Timer* TimerTable::find(uint64_t generation) {
    const std::lock_guard lock(mutex_);
    const auto found = timers_.find(generation);
    return found == timers_.end() ? nullptr : found->second.get();
}

bool TimerTable::arm(Timer* timer) {
    const std::lock_guard lock(mutex_);
    if (timer->state == Timer::State::cancelled) return false;
    timer->state = Timer::State::armed;
    return true;
}

bool TimerTable::is_armed(const Timer& timer) const {
    const std::lock_guard lock(mutex_);
    return timer.state == Timer::State::armed;
}

bool TimerTable::claim(Timer* timer) {
    const std::lock_guard lock(mutex_);
    if (timer->state != Timer::State::armed) return false;
    timer->state = Timer::State::cancelled;
    return true;
}

TimerOrder TimerTable::remove(Timer* timer) {
    TimerOrder order = timer->order;
    const std::lock_guard lock(mutex_);
    timers_.erase(timer->generation);
    order.owner->timers.fetch_sub(1, std::memory_order_relaxed);
    return order;
}

std::vector<Timer*> TimerTable::take_cancelled() {
    std::vector<Timer*> taken;
    const std::lock_guard lock(mutex_);
    for (const uint64_t generation : std::exchange(cancelled_, {})) {
        const auto found = timers_.find(generation);  // ended otherwise meanwhile
        if (found != timers_.end()) taken.push_back(found->second.get());
    }
    return taken;
}

std::vector<Timer*> TimerTable::cancel_all(const void* instance) {
    std::vector<Timer*> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [generation, timer] : timers_) {
        if (timer->order.owner->instance != instance) continue;
        timer->state = Timer::State::cancelled;
        found.push_back(timer.get());
    }
    return found;
}

void TimerTable::call(const TimerOrder& order, Context* context, int32_t status) {
    call_back(*order.owner, context, Hook::timer,
              [&](void* slot, gw_ctx* ctx) { order.fn(order.ud, slot, ctx, status); });
}

}  // namespace gatewayd
