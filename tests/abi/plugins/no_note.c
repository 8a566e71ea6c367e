/* A library with the entry but without a note. */
#include "parts.h"

ENTRY_WITH((void)0)
