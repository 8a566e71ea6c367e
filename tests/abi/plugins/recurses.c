/* Uses up its thread's stack on a message. */
#include "parts.h"

GOOD_NOTE("recurses");

static int deeper(volatile char* from, int depth) {
    volatile char frame[4096];
    frame[0] = from != NULL ? from[0] : 1;
    frame[4095] = (char)depth;
    return frame[0] != 0 ? deeper(frame, depth + 1) + frame[4095] : depth;
}

static int32_t recurses(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    if (deeper(NULL, 0) == 0) return GW_DROP;
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = recurses)
