/* Nothing is wrong. */
#include "parts.h"

GOOD_NOTE("good");

ENTRY_WITH((void)0)
