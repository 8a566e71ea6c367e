// See hears.h.
#include "hears.h"

GATEWAY_PLUGIN(hears_test::Hears, "hears", "1.0.0", "message")
