/* gw_interceptor.wants is null. */
#include "parts.h"

GOOD_NOTE("no_wants");

ENTRY_WITH(interceptor.wants = NULL)
