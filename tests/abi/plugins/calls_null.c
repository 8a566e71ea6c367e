/* Calls a host function that is not there, on a message: what forgetting GW_HAS leads to. */
#include "parts.h"

GOOD_NOTE("calls_null");

typedef int32_t (*not_there_fn)(gw_req* req);

static int32_t calls(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    not_there_fn volatile not_there = NULL;
    volatile int32_t result = not_there(req); /* volatile: no jump instead of the call */
    if (result != GW_OK) return GW_E_FAIL;
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = calls)
