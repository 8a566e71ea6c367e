/* Resumes what it put aside twice, before its hook returns and once more when it goes on. */
#include "deferring.h"

GOOD_NOTE("resumes_twice");

static gw_token token;

static int32_t defers(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    const int32_t deferred = the_host->defer(next, 1000, NULL, &token);
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    if (deferred != GW_OK) return deferred;
    log_code("first", the_host->resume(the_inst, token));
    log_code("second", the_host->resume(the_inst, token));
    return GW_PENDING;
}

static int32_t resumes_again(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud) {
    log_code("third", the_host->resume(the_inst, token));
    return continues(self, slot, ctx, req, next, ud);
}

DEFERRING_ENTRY(defers, resumes_again, logs_cancel)
