/* Built against 1.9 and cannot do without what 1.9 added to gw_plugin. */
#include "parts.h"

#undef GW_ABI_MINOR
#define GW_ABI_MINOR 9
GOOD_NOTE("newer_tail");

static struct {
    gw_plugin known;
    void (*of_1_9)(void*);
} plugin_1_9;

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    static gw_interceptor interceptor;
    (void)host;
    (void)err;
    interceptor = good_interceptor();
    plugin_1_9.known = good_plugin(&interceptor);
    plugin_1_9.known.struct_size = sizeof(plugin_1_9);
    plugin_1_9.of_1_9 = good_destroy;
    return &plugin_1_9.known;
}
