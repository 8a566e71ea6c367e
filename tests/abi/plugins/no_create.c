/* gw_plugin.create is null. */
#include "parts.h"

GOOD_NOTE("no_create");

ENTRY_WITH(plugin.create = NULL)
