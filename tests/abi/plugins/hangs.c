/* Never comes back from its first message. */
#include <unistd.h>

#include "parts.h"

GOOD_NOTE("hangs");

static int32_t hangs(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    while (req != NULL)
        pause();
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = hangs)
