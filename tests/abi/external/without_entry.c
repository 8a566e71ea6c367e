/* Must not build: no entry. */
#include <gateway/plugin.h>

GW_PLUGIN_NOTE("id=external.none\nversion=1.0.0\nkinds=message\n");
