/* Acquires acme.crm/1 in start and never releases it, not even in stop. */
#include "gateway/ext/service.h"
#include "parts.h"

GW_PLUGIN_NOTE("id=never_releases\nversion=1.0.0\nkinds=message\nuses=acme.crm/1\n");

static const gw_host* host;
static gw_inst* inst;

static int32_t create(const gw_host* h, gw_inst* i, const gw_node* config, void** self, gw_error* err) {
    (void)config;
    (void)err;
    host = h;
    inst = i;
    *self = &host;
    return GW_OK;
}

static int32_t start(void* self, gw_error* err) {
    const gw_service_v1* services = (const gw_service_v1*)host->extension(inst, GW_STR(GW_EXT_SERVICE));
    const void* table;
    uint64_t pin;
    (void)self;
    (void)err;
    return services->acquire(inst, GW_STR("acme.crm/1"), &table, &pin);
}

ENTRY_WITH((plugin.create = create, plugin.start = start))
