/* Aborts in create. */
#include <stdlib.h>

#include "parts.h"

GOOD_NOTE("crashes_in_create");

static int32_t crashes(const gw_host* host, gw_inst* inst, const gw_node* config, void** self,
                       gw_error* err) {
    if (host != NULL) abort();
    return good_create(host, inst, config, self, err);
}

ENTRY_WITH(plugin.create = crashes)
