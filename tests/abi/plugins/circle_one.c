/* With circle_two: each uses a service of the other, so neither can start first. */
#include "parts.h"

GW_PLUGIN_NOTE("id=circle_one\nversion=1.0.0\nkinds=message,service\noffers=acme.one/1\nuses=acme.two/1\n");

ENTRY_WITH((void)0)
