// ControlTimers: the plugins' timers on the control thread, in the order of their expiry. Somebody else has
// the clock: he calls run() when wake() says so and when the time that run() returned has come. The control
// thread, but what is marked [any].
#ifndef GATEWAYD_CORE_ASYNC_CONTROL_TIMERS_H
#define GATEWAYD_CORE_ASYNC_CONTROL_TIMERS_H

#include <functional>
#include <set>
#include <tuple>
#include <utility>

#include "core/async/timer_table.h"

namespace gatewayd {

// The upper half of a token's slot, where those of connections have their reactor.
inline constexpr uint64_t control_token_slot = uint64_t{UINT32_MAX} << 32;

class ControlTimers final : public TimerTable {
   public:
    // Before the first timer. now_ns: the clock; wake: [any], run() has something to do.
    void set_home(uint64_t (*now_ns)(), std::function<void()> wake);

    // [any]
    int32_t start(const TimerOrder& order, gw_token* out);
    int32_t cancel(const void* instance, gw_token token);

    // Calls what is due, each once. When it must be called next; 0: when it is woken.
    uint64_t run();
    // The last calls of this instance's timers.
    void forget(const void* instance);
    // [any] When the next one expires; 0: there is none.
    uint64_t next_due_ns() const;

   private:
    Timer* take_due(uint64_t until_ns, uint64_t now_ns, TimerOrder* order);
    void end(Timer* timer, int32_t status);

    uint64_t (*now_ns_)() = nullptr;
    std::function<void()> wake_;
    // Those that are due at the same time expire in the order of their start.
    struct Earlier {
        bool operator()(const Timer* a, const Timer* b) const {
            return std::tie(a->due_ns, a->generation) < std::tie(b->due_ns, b->generation);
        }
    };
    std::set<Timer*, Earlier> by_due_;  // guarded by mutex_
};

}  // namespace gatewayd

#endif
