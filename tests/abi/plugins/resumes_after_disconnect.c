/* Resumes what it put aside when its connection has gone. */
#include "deferring.h"

GOOD_NOTE("resumes_after_disconnect");

static gw_token token;

static int32_t defers(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    const int32_t deferred = the_host->defer(next, 0, NULL, &token);
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    log_code("deferred", deferred);
    return deferred == GW_OK ? GW_PENDING : deferred;
}

static void resumes(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why) {
    logs_cancel(self, slot, ctx, req, ud, why);
    log_code("resumed", the_host->resume(the_inst, token));
}

DEFERRING_ENTRY(defers, continues, resumes)
