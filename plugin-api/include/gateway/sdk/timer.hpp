// after, every: the host's timers (gw.timer/1), with functions. [any], from Start to Stop.
//
//     gateway::every(host(), 60s, [this] { store_.flush(); });                      // the control thread
//     gateway::after(host(), connection.id(), 5s, [](gateway::Connection& c) { c.close(1008, "too late"); });
//
// A timer on a connection ends with it; all end with the plugin. The function, with what it captured, is
// freed once, when its timer has ended. What it throws is logged.
#ifndef GATEWAY_SDK_TIMER_HPP
#define GATEWAY_SDK_TIMER_HPP

#include <chrono>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "gateway/ext/timer.h"
#include "gateway/sdk/request.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

namespace detail {

// An optional capability's table, or an error that says what is missing.
template <typename Table>
const Table& extension(const Host& host, std::string_view name) {
    const void* table = offered(host.raw()->extension, "extension")(host.inst(), to_gw(name));
    if (table == nullptr) throw Error("this gatewayd does not offer " + std::string(name), GW_E_STATE);
    return *static_cast<const Table*>(table);
}

template <typename Function>
struct TimerClosure {
    Host host;
    Function function;

    static void call(void* ud, void* slot, gw_ctx* ctx, int32_t status) {
        auto* self = static_cast<TimerClosure*>(ud);
        const std::unique_ptr<TimerClosure> last(status == GW_TIMER_AGAIN ? nullptr : self);
        if (status < 0) return;
        guarded(self->host.raw(), self->host.inst(), "a timer", [&]() -> int32_t {
            if constexpr (std::is_invocable_v<Function&, Connection&>) {
                Connection connection(self->host.raw(), ctx, slot);
                self->function(connection);
            } else {
                static_cast<void>(slot);
                static_cast<void>(ctx);
                self->function();
            }
            return GW_OK;
        });
    }
};

// Too long is as long as there is.
inline uint32_t timer_ms(std::chrono::milliseconds time) {
    return time.count() > INT64_C(0xFFFFFFFF) ? UINT32_MAX
           : time.count() < 0                 ? 0
                                              : static_cast<uint32_t>(time.count());
}

template <typename Function>
gw_token start_timer(const Host& host, uint32_t home, gw_conn_id conn, std::chrono::milliseconds after,
                     std::chrono::milliseconds every, Function function) {
    using Closure = TimerClosure<Function>;
    auto closure = std::make_unique<Closure>(Closure{host, std::move(function)});
    const gw_timer timer{static_cast<uint32_t>(sizeof(gw_timer)),
                         home,
                         timer_ms(after),
                         timer_ms(every),
                         conn,
                         Closure::call,
                         closure.get()};
    gw_token token{0, 0};
    check(extension<gw_timer_v1>(host, GW_EXT_TIMER).start(host.inst(), &timer, &token), "timer.start");
    static_cast<void>(closure.release());  // call() frees it
    return token;
}

}  // namespace detail

// Once, or again and again, on the control thread: function(). From 10 ms to 30 days.
template <typename Function>
gw_token after(const Host& host, std::chrono::milliseconds time, Function function) {
    return detail::start_timer(host, GW_TIMER_ON_CONTROL, {0, 0}, time, {}, std::move(function));
}
template <typename Function>
gw_token every(const Host& host, std::chrono::milliseconds time, Function function) {
    return detail::start_timer(host, GW_TIMER_ON_CONTROL, {0, 0}, time, time, std::move(function));
}
// The same on a connection: function(Connection&), as one of its hooks. Throws Error with GW_E_STALE when it
// is gone; at most 16 on one.
template <typename Function>
gw_token after(const Host& host, gw_conn_id conn, std::chrono::milliseconds time, Function function) {
    static_assert(std::is_invocable_v<Function&, Connection&>, "function(gateway::Connection&)");
    return detail::start_timer(host, GW_TIMER_ON_CONN, conn, time, {}, std::move(function));
}
template <typename Function>
gw_token every(const Host& host, gw_conn_id conn, std::chrono::milliseconds time, Function function) {
    static_assert(std::is_invocable_v<Function&, Connection&>, "function(gateway::Connection&)");
    return detail::start_timer(host, GW_TIMER_ON_CONN, conn, time, time, std::move(function));
}
// False: it has expired for the last time, or was cancelled.
inline bool cancel_timer(const Host& host, gw_token token) {
    const int32_t code = detail::extension<gw_timer_v1>(host, GW_EXT_TIMER).cancel(host.inst(), token);
    if (code == GW_E_STALE) return false;
    check(code, "timer.cancel");
    return true;
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
