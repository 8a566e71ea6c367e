/* gw_interceptor.name is null. */
#include "parts.h"

GOOD_NOTE("no_name");

ENTRY_WITH(interceptor.name = NULL)
