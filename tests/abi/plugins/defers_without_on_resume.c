/* Defers, but has no hook that could go on. */
#include "deferring.h"

GOOD_NOTE("defers_without_on_resume");

static int32_t defers(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    gw_token token;
    const int32_t deferred = the_host->defer(next, 1000, NULL, &token);
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    log_code("deferred", deferred);
    return GW_PENDING;
}

DEFERRING_ENTRY(defers, NULL, logs_cancel)
