/* What the plugins of this folder have in common: members that behave. Each file makes one of them wrong. */
#ifndef GATEWAYD_TESTS_ABI_PLUGINS_PARTS_H
#define GATEWAYD_TESTS_ABI_PLUGINS_PARTS_H

#include <string.h>

#include "gateway/host.h"
#include "gateway/plugin.h"

#ifdef __cplusplus
#define PARTS_UNUSED [[maybe_unused]] static
#else
#define PARTS_UNUSED static __attribute__((unused))
#endif

PARTS_UNUSED int32_t good_create(const gw_host* host, gw_inst* inst, const gw_node* config, void** self,
                                 gw_error* err) {
    static int instance;
    (void)host;
    (void)inst;
    (void)config;
    (void)err;
    *self = &instance;
    return GW_OK;
}

PARTS_UNUSED void good_destroy(void* self) {
    (void)self;
}

PARTS_UNUSED gw_str good_name(void* self) {
    (void)self;
    return GW_STR("fixture");
}

PARTS_UNUSED void good_wants(void* self, uint32_t* kinds, uint64_t* events) {
    (void)self;
    *kinds = GW_KIND_MESSAGE;
    *events = 0;
}

PARTS_UNUSED int32_t good_intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
    (void)self;
    (void)slot;
    (void)ctx;
    (void)req;
    (void)next;
    return GW_CONTINUE;
}

/* GOOD_NOTE(id) ends with a semicolon, as GW_PLUGIN_NOTE does. */
#define GOOD_NOTE(id) GW_PLUGIN_NOTE("id=" id "\nversion=1.0.0\nkinds=message\n")

PARTS_UNUSED gw_interceptor good_interceptor(void) {
    gw_interceptor interceptor;
    memset(&interceptor, 0, sizeof(interceptor));
    interceptor.struct_size = sizeof(interceptor);
    interceptor.name = good_name;
    interceptor.wants = good_wants;
    interceptor.intercept = good_intercept;
    return interceptor;
}

PARTS_UNUSED gw_plugin good_plugin(const gw_interceptor* interceptor) {
    gw_plugin plugin;
    memset(&plugin, 0, sizeof(plugin));
    plugin.struct_size = sizeof(plugin);
    plugin.create = good_create;
    plugin.destroy = good_destroy;
    plugin.interceptor = interceptor;
    return plugin;
}

/* The entry of a plugin whose tables are good but for what `change` does to `plugin` and `interceptor`. */
#define ENTRY_WITH(change)                                                    \
    const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) { \
        static gw_interceptor interceptor;                                    \
        static gw_plugin plugin;                                              \
        (void)host;                                                           \
        (void)err;                                                            \
        interceptor = good_interceptor();                                     \
        plugin = good_plugin(&interceptor);                                   \
        change;                                                               \
        return &plugin;                                                       \
    }

#endif
