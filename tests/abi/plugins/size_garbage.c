/* gw_plugin.struct_size is no multiple of 4. */
#include "parts.h"

GOOD_NOTE("size_garbage");

ENTRY_WITH(plugin.struct_size = 57)
