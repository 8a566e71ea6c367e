/* With circle_one: each uses a service of the other, so neither can start first. */
#include "parts.h"

GW_PLUGIN_NOTE("id=circle_two\nversion=1.0.0\nkinds=message,service\noffers=acme.two/1\nuses=acme.one/1\n");

ENTRY_WITH((void)0)
