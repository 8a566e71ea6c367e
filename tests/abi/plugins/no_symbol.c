/* It has a note and no entry. */
#include "parts.h"

GOOD_NOTE("no_symbol");

GW_EXPORT int32_t something_else(void);
int32_t something_else(void) {
    return 0;
}
