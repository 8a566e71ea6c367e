// Timers: gw.timer/1 of a node: those on each reactor's connections and those on the control thread. Owned by
// the Node.
#ifndef GATEWAYD_CORE_ASYNC_TIMERS_H
#define GATEWAYD_CORE_ASYNC_TIMERS_H

#include <array>

#include "core/async/connection_timers.h"
#include "core/async/control_timers.h"
#include "core/hub/directory.h"

namespace gatewayd {

class Timers final : public TimerService {
   public:
    int32_t start(const TimerOrder& order, gw_token* out) override {
        if (order.conn.generation == 0) return control.start(order, out);
        const uint64_t reactor = order.conn.slot >> 32;
        return reactor < connections.size() ? connections[reactor].start(order, out) : GW_E_STALE;
    }
    int32_t cancel(const void* instance, gw_token token) override {
        const uint64_t home = token.slot >> 32;
        if (home == control_token_slot >> 32) return control.cancel(instance, token);
        return home < connections.size() ? connections[home].cancel(instance, token) : GW_E_STALE;
    }
    // [any] Timers that were started and have not ended.
    size_t size() const {
        size_t sum = control.size();
        for (const ConnectionTimers& each : connections)
            sum += each.size();
        return sum;
    }

    std::array<ConnectionTimers, max_reactors> connections;  // by reactor
    ControlTimers control;
};

}  // namespace gatewayd

#endif
