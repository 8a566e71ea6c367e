/* Calls next() twice, and then defer(). */
#include "deferring.h"

GOOD_NOTE("calls_next_twice");

static int32_t calls_twice(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    gw_token token;
    const int32_t verdict = the_host->next(next, NULL, NULL);
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    log_code("second", the_host->next(next, NULL, NULL));
    log_code("third", the_host->defer(next, 1000, NULL, &token));
    return verdict;
}

DEFERRING_ENTRY(calls_twice, continues, logs_cancel)
