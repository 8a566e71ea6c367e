/* Must not build: a function that is nowhere, which would stop the gateway's start. */
#include <gateway/plugin.h>

GW_PLUGIN_NOTE("id=external.lacks\nversion=1.0.0\nkinds=message\n");

const gw_plugin* this_function_is_nowhere(void);

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return this_function_is_nowhere();
}
