/* The least plugin in C: it lets everything pass. */
#include <gateway/host.h>
#include <gateway/plugin.h>

GW_PLUGIN_NOTE("id=external.c\nversion=1.0.0\nkinds=message\n");

static int32_t create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self, gw_error* err) {
    static int instance;
    (void)config;
    (void)err;
    *self = &instance;
    host->log(inst, GW_LOG_INFO, GW_STR("created in C"));
    return GW_OK;
}
static void destroy(void* self) {
    (void)self;
}
static gw_str name(void* self) {
    (void)self;
    return GW_STR("external.c");
}
static void wants(void* self, uint32_t* kinds, uint64_t* events) {
    (void)self;
    *kinds = GW_KIND_MESSAGE;
    *events = 0;
}
static int32_t intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    (void)next;
    return GW_CONTINUE;
}

static const gw_interceptor interceptor = {
    sizeof(gw_interceptor),
    0,
    GW_STAGE_MESSAGE,
    0,
    name,
    NULL,
    wants,
    NULL,
    NULL,
    intercept,
    NULL,
    NULL,
    NULL,
};
static const gw_plugin plugin = {sizeof(gw_plugin), 0, create, NULL, NULL, NULL, destroy, &interceptor};

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return &plugin;
}
