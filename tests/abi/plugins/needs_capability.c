/* Cannot do without a capability that no host has. */
#include "parts.h"

GW_PLUGIN_NOTE("id=needs_capability\nversion=1.0.0\nkinds=message\nneeds=acme.teleport/1\n");

ENTRY_WITH((void)0)
