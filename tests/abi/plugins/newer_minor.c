/* Built against 1.9, whose tables are longer; it uses nothing of what is new, so it loads. */
#include "parts.h"

#undef GW_ABI_MINOR
#define GW_ABI_MINOR 9
GOOD_NOTE("newer_minor");

static struct {
    gw_plugin known;
    void (*of_1_9)(void*);
} plugin_1_9;
static struct {
    gw_interceptor known;
    void (*of_1_9)(void*);
} interceptor_1_9;

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    interceptor_1_9.known = good_interceptor();
    interceptor_1_9.known.struct_size = sizeof(interceptor_1_9);
    plugin_1_9.known = good_plugin(&interceptor_1_9.known);
    plugin_1_9.known.struct_size = sizeof(plugin_1_9);
    return &plugin_1_9.known;
}
