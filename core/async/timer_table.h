// TimerTable: the timers of one home (a reactor, the control thread) and their tokens: what ConnectionTimers
// and ControlTimers have in common. Any thread may start and cancel; only the home's thread calls plugins and
// ends timers. A token is a generation that is never used again, so a late one finds nothing.
//
// The lock is held for a few instructions and never while a plugin or a reactor is called.
#ifndef GATEWAYD_CORE_ASYNC_TIMER_TABLE_H
#define GATEWAYD_CORE_ASYNC_TIMER_TABLE_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/async/services.h"
#include "core/base/timer_wheel.h"

namespace gatewayd {

struct Timer : TimerWheel::Node {
    enum class State : uint8_t { starting, armed, cancelled };

    TimerOrder order;
    uint64_t generation = 0;
    State state = State::starting;  // guarded by the table's lock
    // --- of ConnectionTimers ---
    Context* context = nullptr;  // null: its connection's thread has not taken it on
    Timer* next_of_connection = nullptr;
    // --- of ControlTimers ---
    uint64_t due_ns = 0;
};

class TimerTable {
   public:
    TimerTable(const TimerTable&) = delete;
    TimerTable& operator=(const TimerTable&) = delete;

    // [any] Of this instance. True: the first since take_cancelled(); *stale: there is none.
    bool cancel(const void* instance, uint64_t generation, bool* stale);
    // [any]
    size_t size() const;

   protected:
    TimerTable() = default;
    ~TimerTable() = default;

    // [any] A new one, which begin(Timer*) makes ready under the lock. GW_E_STATE: its plugin does not run;
    // GW_E_LIMIT.
    template <typename Begin>
    int32_t add(const TimerOrder& order, uint64_t slot, gw_token* out, Begin&& begin) {
        auto timer = make(order);
        const std::lock_guard lock(mutex_);
        if (!order.owner->open.load(std::memory_order_relaxed)) return GW_E_STATE;
        if (!take_place(&order.owner->timers, GW_TIMER_MAX_PER_INSTANCE)) return GW_E_LIMIT;
        *out = {slot, timer->generation};
        begin(timer.get());
        timers_.emplace(timer->generation, std::move(timer));
        return GW_OK;
    }
    // [any] Takes back what add() added. False: the home's thread was earlier, and makes the last call.
    bool withdraw(uint64_t generation);
    // --- the home's thread; what it got stays valid until it removes it ---
    Timer* find(uint64_t generation);
    // False: it was cancelled meanwhile.
    bool arm(Timer* timer);
    bool is_armed(const Timer& timer) const;
    // It expires for the last time: nobody can cancel it any more. False: somebody has.
    bool claim(Timer* timer);
    // It is over: its order, for the last call.
    TimerOrder remove(Timer* timer);
    std::vector<Timer*> take_cancelled();
    // All of them are cancelled now.
    std::vector<Timer*> cancel_all(const void* instance);
    static void call(const TimerOrder& order, Context* context, int32_t status);

    mutable std::mutex mutex_;

   private:
    static std::unique_ptr<Timer> make(const TimerOrder& order);

    std::unordered_map<uint64_t, std::unique_ptr<Timer>> timers_;  // by generation; guarded by mutex_
    std::vector<uint64_t> cancelled_;                              // guarded by mutex_
};

}  // namespace gatewayd

#endif
