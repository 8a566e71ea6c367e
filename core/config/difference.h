// What differs between two configurations, and what of that a running gateway can take. Pure functions: any
// thread.
#ifndef GATEWAYD_CORE_CONFIG_DIFFERENCE_H
#define GATEWAYD_CORE_CONFIG_DIFFERENCE_H

#include <string>
#include <vector>

#include "core/config/settings.h"

namespace gatewayd {

// The same values, wherever in a file they stand.
bool is_same(const ConfigNode& a, const ConfigNode& b);
// The same plugin, as far as its settings say it.
bool is_same(const PluginSettings& a, const PluginSettings& b);

// Takes from `next` what can change while the gateway runs: the section plugins, and the wsc sections that
// are configurations of plugins. Returns the paths of the other keys that differ, which need a restart.
std::vector<std::string> take_running(const Settings& next, Settings* running);

}  // namespace gatewayd

#endif
