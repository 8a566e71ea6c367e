// The order of plugins in the chain, and what the log says of each. Pure functions: any thread.
#ifndef GATEWAYD_CORE_PLUGINS_CHAIN_ORDER_H
#define GATEWAYD_CORE_PLUGINS_CHAIN_ORDER_H

#include <vector>

#include "core/plugins/instance.h"

namespace gatewayd {

using PluginInstances = std::vector<PluginInstancePtr>;

// Listed plugins keep the list's order. Unlisted ones, by (stage, order, name), go before the first listed
// plugin of a later stage.
PluginInstances in_chain_order(const PluginInstances& instances);

// For start_order().
std::vector<PluginInstance*> pointers_to(const PluginInstances& instances);

bool contains(const PluginInstances& instances, const PluginInstancePtr& instance);

void log_plugin(const char* event, const PluginInstance& plugin);

}  // namespace gatewayd

#endif
