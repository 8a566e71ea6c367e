// Which plugins to load: the entries of plugins.load, and those that switched-on wsc sections bring with
// their configuration. Used by load_settings(), one thread, after read_settings().
#ifndef GATEWAYD_CORE_CONFIG_PLUGIN_ENTRIES_H
#define GATEWAYD_CORE_CONFIG_PLUGIN_ENTRIES_H

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/config/settings.h"

namespace gatewayd::config {

constexpr size_t max_plugins = 128;
constexpr double min_budget_ms = 0.001;
constexpr double max_budget_ms = 60'000;
constexpr int64_t max_overrun_limit = 1'000'000;
constexpr int64_t min_overrun_retry_ms = 100;
constexpr int64_t max_overrun_retry_ms = 3'600'000;

// Of on_overrun, by OnOverrun.
inline const std::vector<std::string> overrun_words{"log", "bypass", "reject"};

// Fills settings.plugins.load: the listed ones in the list's order, then the unlisted ones.
void read_plugin_entries(const ConfigNode& root, Settings& settings, Problems& problems);

}  // namespace gatewayd::config

#endif
