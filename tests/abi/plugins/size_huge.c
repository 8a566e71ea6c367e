/* gw_plugin.struct_size is above 4096. */
#include "parts.h"

GOOD_NOTE("size_huge");

ENTRY_WITH(plugin.struct_size = 8192)
