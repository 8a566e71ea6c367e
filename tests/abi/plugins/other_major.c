/* Built for a later major version: another entry, another note. */
#include "parts.h"

#undef GW_ABI_MAJOR
#define GW_ABI_MAJOR 2
GOOD_NOTE("other_major");

GW_EXPORT const gw_plugin* gw_plugin_entry_v2(const gw_host* host, gw_error* err);
const gw_plugin* gw_plugin_entry_v2(const gw_host* host, gw_error* err) {
    (void)host;
    (void)err;
    return NULL;
}
