/* A flag of gw_plugin that 1.0 does not know. */
#include "parts.h"

GOOD_NOTE("unknown_flags");

ENTRY_WITH(plugin.flags = 4)
