/* Ends the process on a message. */
#include <stdlib.h>

#include "parts.h"

GOOD_NOTE("exits");

static int32_t exits(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    if (req != NULL) exit(3);
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = exits)
