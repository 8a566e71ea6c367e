/* Its intercept returns a value that is no verdict. */
#include "parts.h"

GOOD_NOTE("wrong_verdict");

static int32_t wrong_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    (void)good_intercept(self, slot, ctx, req, next);
    return 42;
}

ENTRY_WITH(interceptor.intercept = wrong_intercept)
