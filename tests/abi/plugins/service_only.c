/* Offers services only: no interceptor, and its note promises none. Loads. */
#include "parts.h"

GW_PLUGIN_NOTE("id=service_only\nversion=1.0.0\nkinds=service\n");

ENTRY_WITH(plugin.interceptor = NULL)
