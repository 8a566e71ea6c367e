/* A stage that 1.0 does not know. */
#include "parts.h"

GOOD_NOTE("unknown_stage");

ENTRY_WITH(interceptor.stage = 77)
