/* Its start refuses, with its reason. */
#include "parts.h"

GOOD_NOTE("fails_in_start");

static int32_t failing_start(void* self, gw_error* err) {
    (void)self;
    err->code = GW_E_FAIL;
    strcpy(err->message, "cannot reach 192.0.2.1:5432");
    return GW_E_FAIL;
}

ENTRY_WITH(plugin.start = failing_start)
