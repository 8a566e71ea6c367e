/* Crashes on a message: writes through a null pointer. */
#include "parts.h"

GOOD_NOTE("crashes");

static int32_t crashes(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    volatile int* volatile nowhere = NULL;
    *nowhere = 1;
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = crashes)
