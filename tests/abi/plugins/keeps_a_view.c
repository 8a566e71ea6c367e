/* Keeps a text of a message and uses it on the next one, when it is no more. */
#include "parts.h"

GOOD_NOTE("keeps_a_view");

static const gw_host* the_host;
static gw_str kept;

static int32_t create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self, gw_error* err) {
    the_host = host;
    return good_create(host, inst, config, self, err);
}

static int32_t keeps(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    if (kept.len > 0) the_host->set_field(req, GW_STR("before"), kept);
    the_host->field(req, GW_STR("content"), &kept);
    return good_intercept(self, slot, ctx, req, next);
}

ENTRY_WITH(plugin.create = create; interceptor.intercept = keeps)
