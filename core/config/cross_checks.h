// What no single value can say: values that contradict each other, or that this version cannot honour.
// Used by load_settings(), one thread, after read_settings().
#ifndef GATEWAYD_CORE_CONFIG_CROSS_CHECKS_H
#define GATEWAYD_CORE_CONFIG_CROSS_CHECKS_H

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/config/settings.h"

namespace gatewayd::config {

// May narrow what was not written: the default broadcast_user_types to the allowed ones.
void check_across(const ConfigNode& root, Settings& settings, Problems& problems);

}  // namespace gatewayd::config

#endif
