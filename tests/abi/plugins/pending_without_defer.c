/* Its intercept returns GW_PENDING without defer or next. */
#include "parts.h"

GOOD_NOTE("pending_without_defer");

static int32_t wrong_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    (void)good_intercept(self, slot, ctx, req, next);
    return GW_PENDING;
}

ENTRY_WITH(interceptor.intercept = wrong_intercept)
