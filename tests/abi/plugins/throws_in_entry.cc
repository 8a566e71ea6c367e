// C++ without the SDK, whose entry throws.
#include <stdexcept>

#include "parts.h"

GOOD_NOTE("throws_in_entry");

const gw_plugin* gw_plugin_entry_v1(const gw_host*, gw_error*) {
    throw std::runtime_error("no such table");
}
