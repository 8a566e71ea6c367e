/* gateway/ext/work.h - gw.work/1: runs a function on a thread of the host's small pool, off the threads that
 * serve connections, and comes back. For what takes longer than some 50 us: password hashes, large
 * documents, a library that blocks. The rules at the top of gateway/plugin.h hold here too.
 *
 * The pool has `plugins.work_threads` threads, 2 by default, made when the first work comes. Instances take
 * turns: a long queue of one delays the others by one work of each. */
#ifndef GATEWAY_EXT_WORK_H
#define GATEWAY_EXT_WORK_H

#include "gateway/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_WORK "gw.work/1"

/* home of gw_work: where done is called. Anywhere is the thread that has run it, at once, for works that end
 * in resume(); of one that has not run, the control thread. */
#define GW_WORK_ON_CONTROL UINT32_C(0) /* the control thread                */
#define GW_WORK_ON_CONN UINT32_C(1)    /* as a hook of the connection conn  */
#define GW_WORK_ANYWHERE UINT32_C(2)

/* Works of one instance that may wait or run or be on their way back. */
#define GW_WORK_MAX_PER_INSTANCE UINT32_C(16384)

/* On a thread of the pool; may block. No handle of a hook may be used in it; [any] functions may. */
typedef void (*gw_work_fn)(void* ud);

/* As home says, never inside start() or cancel(); exactly once for each work that start() took: free ud here
 * and nowhere else. status: GW_OK: run has run. GW_E_CANCELLED: it has not and will not, because it was
 * cancelled, its connection ended before its turn, or the plugin ends. GW_E_FAIL: an exception left it.
 * slot and ctx: of the connection, as its hooks get them, else null. On a connection they are null, too, when
 * the connection is not the plugin's any more: then the call may come on any thread, and after stop; it does
 * nothing but free ud. */
typedef void (*gw_work_done_fn)(void* ud, void* slot, gw_ctx* ctx, int32_t status);

/* The caller's, during start(). */
typedef struct gw_work {
    uint32_t struct_size; /* sizeof(gw_work)                                          */
    uint32_t home;        /* GW_WORK_                                                 */
    gw_conn_id conn;      /* GW_WORK_ON_CONN: of conn_id() or gw_client; else {0, 0}  */
    gw_work_fn run;
    gw_work_done_fn done;
    void* ud; /* yours, until done                                        */
} gw_work;

/* One immutable table a process. */
typedef struct gw_work_v1 {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */

    /* [any] from the beginning of your start hook to that of your stop hook. Works of one instance begin in
     * the order of their start(). *out, which may be null, is its token. GW_OK: done will be called once.
     * Else neither is called and ud is yours. GW_E_ARG: no run or no done, a home that is none. GW_E_STATE:
     * the plugin is not started, or ends; or plugins.work_threads is 0. GW_E_STALE: no such connection; one
     * that goes later is told in done. GW_E_LIMIT: too many works. */
    int32_t (*start)(gw_inst* inst, const gw_work* work, gw_token* out);
    /* [any] GW_OK: run will not run, and done, with GW_E_CANCELLED, is on its way; it comes after this call.
     * GW_E_STALE: it runs or has run, was cancelled, or never was; nothing was touched. */
    int32_t (*cancel)(gw_inst* inst, gw_token token);
} gw_work_v1;

#ifdef __cplusplus
}
#endif
#endif
