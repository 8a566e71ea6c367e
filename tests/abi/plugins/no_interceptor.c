/* Its note promises messages, but there is no interceptor. */
#include "parts.h"

GOOD_NOTE("no_interceptor");

ENTRY_WITH(plugin.interceptor = NULL)
