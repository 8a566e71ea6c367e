// start_order: in which order plugins are started: whoever offers a service before whoever uses it, otherwise
// as in the chain. What notes say (offers=, uses=) and what create said (require) is checked here, before
// anything is started. [control]
#ifndef GATEWAYD_CORE_PLUGINS_START_ORDER_H
#define GATEWAYD_CORE_PLUGINS_START_ORDER_H

#include <string_view>
#include <vector>

#include "core/plugins/instance.h"

namespace gatewayd {

// `created`: in the chain's order. Throws PluginError: a service that two offer, a required one that nobody
// offers, a circle. They are ended in the reverse order.
std::vector<PluginInstance*> start_order(const std::vector<PluginInstance*>& created);

// Whose note offers the service; null: nobody's.
const PluginInstance* provider_of(const std::vector<PluginInstance*>& created, std::string_view service);

}  // namespace gatewayd

#endif
