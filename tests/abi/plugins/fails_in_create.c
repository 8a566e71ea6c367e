/* Its create refuses, with its reason. */
#include "parts.h"

GOOD_NOTE("fails_in_create");

static int32_t failing_create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self,
                              gw_error* err) {
    (void)host;
    (void)inst;
    (void)config;
    (void)self;
    err->code = GW_E_ARG;
    strcpy(err->message, "gateway.yaml:7:9: color: there is no color \"beige\"");
    return GW_E_ARG;
}

ENTRY_WITH(plugin.create = failing_create)
