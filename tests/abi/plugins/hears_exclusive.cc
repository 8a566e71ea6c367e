// See hears.h; it stops before its next generation starts.
#include "hears.h"

GATEWAY_PLUGIN_WITH(hears_test::Hears, "hears", "1.0.0", "message", "exclusive=yes\n")
