/* Its entry refuses without a reason. */
#include "parts.h"

GOOD_NOTE("returns_null_silently");

const gw_plugin* gw_plugin_entry_v1(const gw_host* host, gw_error* err) {
    (void)host;
    err->code = GW_E_FAIL;
    return NULL;
}
