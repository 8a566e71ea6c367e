/* A typing mistake in its note. */
#include "parts.h"

GW_PLUGIN_NOTE("id=wrong_note\nversion=1.0.0\nkinds=mesage\n");

ENTRY_WITH((void)0)
