// ConnectionTimers: the plugins' timers on the connections of one reactor, on a timer wheel of their own.
// They end with their connection, before its plugins are detached. Owned by the Node, so that a late call
// finds them also when the reactor is gone. The reactor's thread, but what is marked [any].
#ifndef GATEWAYD_CORE_ASYNC_CONNECTION_TIMERS_H
#define GATEWAYD_CORE_ASYNC_CONNECTION_TIMERS_H

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/async/timer_table.h"

namespace gatewayd {

class ConnectionTimers final : public TimerTable {
   public:
    struct Home {
        // [any] Runs it on the reactor's thread. False: its mailbox is full (only when bounded).
        std::function<bool(std::function<void()> letter, bool bounded)> post;
        // A connection of the reactor; null: it is gone.
        std::function<Context*(gw_conn_id)> find;
    };
    // [any] Where the reactor is; without functions: gone.
    void set_home(Home home);

    // [any]
    int32_t start(const TimerOrder& order, gw_token* out);
    int32_t cancel(const void* instance, gw_token token);

    // One tick of time (tick_ms).
    void tick();
    // A connection has ended, or an instance leaves it (null: all): the last calls of the timers.
    void end_connection(Context& context, const void* instance);
    // The last calls of this instance's timers. Also from the control thread when the reactor is gone.
    void forget(const void* instance);

   private:
    void take_on(Timer* timer, Context* context);
    void take_on_later(uint64_t generation);
    void due(Timer* timer);
    void unlink(Timer* timer);
    void end(Timer* timer, Context* context, int32_t status);
    void end_cancelled();
    bool is_full(const TimerOrder& order) const;
    bool post(std::function<void()> letter, bool bounded, bool* gone);

    std::mutex home_mutex_;  // held while posting, so that the reactor stays meanwhile
    Home home_;              // post is guarded by home_mutex_

    std::unique_ptr<TimerWheel> wheel_;                 // once there was a timer
    std::unordered_map<uint64_t, Timer*> connections_;  // by the connection's generation: its newest timer
};

}  // namespace gatewayd

#endif
