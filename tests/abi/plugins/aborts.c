/* Aborts on a message, as assert() does. */
#include <stdlib.h>

#include "parts.h"

GOOD_NOTE("aborts");

static int32_t aborts(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    if (req != NULL) abort();
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = aborts)
