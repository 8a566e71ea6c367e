/* Puts every message aside and forgets it. */
#include "deferring.h"

GOOD_NOTE("never_resumes");

static int32_t defers(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    gw_token token;
    const int32_t deferred = the_host->defer(next, 200, NULL, &token);
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    return deferred == GW_OK ? GW_PENDING : deferred;
}

DEFERRING_ENTRY(defers, continues, logs_cancel)
