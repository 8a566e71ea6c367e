/* A plugin of the auth stage that crashes when a client comes: what must not be left out by mistake. */
#include "parts.h"

GW_PLUGIN_NOTE("id=guard\nversion=1.0.0\nkinds=handshake\n");

static void wants(void* self, uint32_t* kinds, uint64_t* events) {
    (void)self;
    *kinds = GW_KIND_HANDSHAKE;
    *events = 0;
}

static int32_t crashes(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    volatile int* volatile nowhere = NULL;
    *nowhere = 1;
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.stage = GW_STAGE_AUTH; interceptor.wants = wants; interceptor.intercept = crashes)
