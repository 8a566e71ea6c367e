/* Must not build: no note. */
#include <gateway/plugin.h>

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return NULL;
}
