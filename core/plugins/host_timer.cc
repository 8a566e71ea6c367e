// gw.timer/1: checks arguments; core/async does the work.
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "gateway/ext/timer.h"

namespace gatewayd {
namespace {

constexpr size_t timer_size_1_0 = offsetof(gw_timer, ud) + sizeof(gw_timer::ud);

bool is_time(uint32_t ms) {
    return ms >= GW_TIMER_MIN_MS && ms <= GW_TIMER_MAX_MS;
}

int32_t timer_start(gw_inst* inst, const gw_timer* timer, gw_token* out) {
    if (!inst || !timer || timer->struct_size < timer_size_1_0 || !timer->fn) return GW_E_ARG;
    if (timer->home > GW_TIMER_ON_CONN) return GW_E_ARG;
    if (timer->every_ms != 0 && !is_time(timer->every_ms)) return GW_E_ARG;
    const uint32_t after_ms = timer->after_ms != 0 ? timer->after_ms : timer->every_ms;
    if (!is_time(after_ms)) return GW_E_ARG;
    const bool on_connection = timer->home == GW_TIMER_ON_CONN;
    if (on_connection && timer->conn.generation == 0) return GW_E_STALE;
    PluginInstance& plugin = *from_abi(inst);
    const TimerOrder order{&plugin.callbacks, on_connection ? timer->conn : gw_conn_id{0, 0},
                           after_ms,          timer->every_ms,
                           timer->fn,         timer->ud};
    gw_token token{0, 0};
    const int32_t result = plugin.services->timers().start(order, &token);
    if (out) *out = result == GW_OK ? token : gw_token{0, 0};
    return result;
}

int32_t timer_cancel(gw_inst* inst, gw_token token) {
    return inst ? from_abi(inst)->services->timers().cancel(inst, token) : GW_E_ARG;
}

}  // namespace

const void* timer_table() {
    static const gw_timer_v1 table{sizeof(gw_timer_v1), 0, timer_start, timer_cancel};
    return &table;
}

}  // namespace gatewayd
