// Reads wsc.security.permissions: which user types each rule names. Whether somebody defines the rule is
// known when the plugins are loaded (core/chain/permissions.h). Used by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_PERMISSION_ENTRIES_H
#define GATEWAYD_CORE_CONFIG_PERMISSION_ENTRIES_H

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/config/settings.h"

namespace gatewayd::config {

inline constexpr size_t max_permissions = 64;

// After read_settings().
void read_permission_entries(const ConfigNode& root, Settings& settings, Problems& problems);

}  // namespace gatewayd::config

#endif
