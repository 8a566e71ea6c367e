// C++ without the SDK, whose create throws.
#include <stdexcept>

#include "parts.h"

GOOD_NOTE("throws_in_create");

static int32_t throwing_create(const gw_host*, gw_inst*, const gw_node*, void**, gw_error*) {
    throw std::runtime_error("no such city");
}

ENTRY_WITH(plugin.create = throwing_create)
