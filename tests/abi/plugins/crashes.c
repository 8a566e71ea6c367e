/* Crashes on a message, as a null pointer does. */
#include <signal.h>

#include "parts.h"

GOOD_NOTE("crashes");

static int32_t crashes(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    raise(SIGSEGV);
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = crashes)
