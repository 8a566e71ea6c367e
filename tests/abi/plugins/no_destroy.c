/* gw_plugin.destroy is null. */
#include "parts.h"

GOOD_NOTE("no_destroy");

ENTRY_WITH(plugin.destroy = NULL)
