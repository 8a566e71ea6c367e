/* gw_plugin.struct_size is below that of 1.0. */
#include "parts.h"

GOOD_NOTE("size_small");

ENTRY_WITH(plugin.struct_size = 48)
