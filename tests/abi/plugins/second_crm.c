/* Offers what the example crm offers: the two are not loaded together. */
#include "parts.h"

GW_PLUGIN_NOTE("id=second_crm\nversion=1.0.0\nkinds=message,service\noffers=acme.crm/1\n");

ENTRY_WITH((void)0)
