/* Its note promises events, but gw_interceptor.on_event is null. */
#include "parts.h"

GW_PLUGIN_NOTE("id=no_on_event\nversion=1.0.0\nkinds=events\n");

ENTRY_WITH((void)0)
