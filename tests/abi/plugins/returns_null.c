/* Its entry refuses, with its reason. */
#include "parts.h"

GOOD_NOTE("returns_null");

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    err->code = GW_E_STATE;
    strcpy(err->message, "the licence ran out on 2026-01-01");
    return NULL;
}
