/* Its note promises messages, but gw_interceptor.intercept is null. */
#include "parts.h"

GOOD_NOTE("no_intercept");

ENTRY_WITH(interceptor.intercept = NULL)
