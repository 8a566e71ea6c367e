/* gw_interceptor.struct_size was never set. */
#include "parts.h"

GOOD_NOTE("interceptor_size_small");

ENTRY_WITH(interceptor.struct_size = 0)
