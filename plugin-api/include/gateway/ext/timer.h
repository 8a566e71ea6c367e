/* gateway/ext/timer.h - gw.timer/1: the host calls you when time has passed, once or again and again, on the
 * control thread or on a connection. The rules at the top of gateway/plugin.h hold here too.
 *
 * A timer is never early. On a connection it is looked at every 100 ms; on the control thread it is exact to
 * about a millisecond. While the process cannot run no expiry is made up for: a repeating timer goes on from
 * then. */
#ifndef GATEWAY_EXT_TIMER_H
#define GATEWAY_EXT_TIMER_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_TIMER "gw.timer/1"

/* home of gw_timer: where fn is called. */
#define GW_TIMER_ON_CONTROL UINT32_C(0) /* the control thread                                    */
#define GW_TIMER_ON_CONN UINT32_C(1)    /* as a hook of the connection conn; ends when that does */

/* status of gw_timer_fn. Below 0: it will not expire any more. GW_E_CANCELLED: by cancel(), with its
 * connection, or with the plugin; GW_E_LIMIT: another thread started it, and the connection had too many.
 * Every status but GW_TIMER_AGAIN comes once, with the last call of this timer. */
#define GW_TIMER_AGAIN INT32_C(0) /* it expired, and will expire again: ud stays in use */
#define GW_TIMER_LAST INT32_C(1)  /* it expired for the last time                       */

/* Limits: milliseconds; timers that one instance has on one connection, and in all. */
#define GW_TIMER_MIN_MS UINT32_C(10)
#define GW_TIMER_MAX_MS UINT32_C(2592000000) /* 30 days */
#define GW_TIMER_MAX_PER_CONN UINT32_C(16)
#define GW_TIMER_MAX_PER_INSTANCE UINT32_C(1048576)

/* [control] or [conn], as home says, never inside start() or cancel(). Exactly once for each expiry, and
 * exactly once with a status that is not GW_TIMER_AGAIN: free ud there and nowhere else. slot and ctx: of the
 * connection, as its hooks get them; on the control thread both are null. They are null, too, when the
 * connection is not the plugin's any more: then the status is below 0, the call may come on any thread, and
 * after stop; it does nothing but free ud. */
typedef void (*gw_timer_fn)(void* ud, void* slot, gw_ctx* ctx, int32_t status);

/* The caller's, during start(). */
typedef struct gw_timer {
    uint32_t struct_size; /* sizeof(gw_timer)                                                     */
    uint32_t home;        /* GW_TIMER_ON_                                                         */
    uint32_t after_ms;    /* until the first expiry; 0: every_ms                                  */
    uint32_t every_ms;    /* between expiries; 0: it expires once                                 */
    gw_conn_id conn;      /* GW_TIMER_ON_CONN: of conn_id() or gw_client; else {0, 0}             */
    gw_timer_fn fn;
    void* ud; /* yours, until the last call of fn                                     */
} gw_timer;

/* One immutable table a process. */
typedef struct gw_timer_v1 {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */

    /* [any] from the beginning of your start hook to that of your stop hook. *out, which may be null, is its
     * token. GW_OK: fn will be called, at least once. Else fn is never called and ud is yours.
     * GW_E_ARG: no fn, a home that is none, a time outside of the limits. GW_E_STATE: the plugin is not
     * started, or ends. GW_E_STALE: no such connection; one that goes before a call from another thread
     * reaches it ends the timer at once. GW_E_LIMIT: too many timers, or the queue to that connection's
     * thread is full. */
    int32_t (*start)(gw_inst* inst, const gw_timer* timer, gw_token* out);
    /* [any] GW_OK: it will not expire any more (an expiry that another thread tells of just now goes on), and
     * the last call of fn, with GW_E_CANCELLED, is on its way; it comes after this call. GW_E_STALE: it has
     * expired for the last time, was cancelled, or never was; nothing was touched. */
    int32_t (*cancel)(gw_inst* inst, gw_token token);
} gw_timer_v1;

#ifdef __cplusplus
}
#endif
#endif
