/* What the deferring plugins of this folder have in common: they put every message aside, and log. Each file
 * says what it does wrong. */
#ifndef GATEWAYD_TESTS_ABI_PLUGINS_DEFERRING_H
#define GATEWAYD_TESTS_ABI_PLUGINS_DEFERRING_H

#include <stdio.h>

#include "parts.h"

static const gw_host* the_host;
static gw_inst* the_inst;

PARTS_UNUSED int32_t deferring_create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self,
                                      gw_error* err) {
    the_host = host;
    the_inst = inst;
    return good_create(host, inst, config, self, err);
}

/* "what: code" */
PARTS_UNUSED void log_code(const char* what, int32_t code) {
    char text[128];
    gw_str line;
    const int length = snprintf(text, sizeof(text), "%s: %d", what, (int)code);
    line.ptr = text;
    line.len = length < 0 ? 0 : (uint64_t)length;
    the_host->log(the_inst, GW_LOG_INFO, line);
}

PARTS_UNUSED int32_t continues(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud) {
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    (void)next;
    (void)ud;
    return GW_CONTINUE;
}

PARTS_UNUSED void logs_cancel(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why) {
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    (void)ud;
    log_code("cancelled", why);
}

#define DEFERRING_ENTRY(its_intercept, its_resume, its_cancel)                          \
    ENTRY_WITH(plugin.create = deferring_create; interceptor.intercept = its_intercept; \
               interceptor.on_resume = its_resume; interceptor.on_cancel = its_cancel)

#endif
