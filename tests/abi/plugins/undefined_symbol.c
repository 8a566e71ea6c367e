/* It needs a function that nobody has: with lazy binding it would load, and end the process at its first use.
 */
#include "parts.h"

GOOD_NOTE("undefined_symbol");

void this_function_is_nowhere(void);

static int32_t needy_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    this_function_is_nowhere();
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(interceptor.intercept = needy_intercept)
