// The life of one generation of a plugin, step by step: each calls the plugin's [control] functions, stops
// what they throw, and says what happened in words. The control thread.
#ifndef GATEWAYD_CORE_PLUGINS_INSTANCE_LIFE_H
#define GATEWAYD_CORE_PLUGINS_INSTANCE_LIFE_H

#include <functional>
#include <memory>
#include <string>

#include "core/plugins/instance.h"

namespace gatewayd {

// Tells, from any thread, that the last copy of the lease or of the calls of the instance with this number is
// gone. May outlive whoever made it.
using InstanceSignal = std::function<void(uint64_t number)>;

// create, and what the gateway asks of its interceptor. Throws PluginError; then nothing is left of it.
PluginInstancePtr create_instance(const PluginSettings& settings,
                                  std::shared_ptr<const PluginLibrary> library,
                                  std::shared_ptr<PluginLineage> lineage, HostServices* services,
                                  const InstanceSignal& signal);
void start_instance(PluginInstance& plugin);  // throws PluginError
void quiesce_instance(PluginInstance& plugin);
// Nothing when it was not started. Then it is forgotten.
void stop_instance(PluginInstance& plugin);
// By the host's services: when this returns, no callback of it runs or will run. Once.
void forget_instance(PluginInstance& plugin);
// Forgotten by the host's services, then destroyed; its counts go to its lineage.
void destroy_instance(PluginInstance& plugin);

// gw.state/1: what one generation hands to the next.
struct PluginState {
    uint32_t version = 0;
    std::string bytes;  // empty: nothing
};
// `part`: GW_STATE_. Empty when it offers no state. Throws PluginError with the plugin's reason.
PluginState save_state(PluginInstance& plugin, uint32_t part);
// Nothing when there are no bytes or it offers no state; says so in the log. Throws PluginError.
void load_state(PluginInstance& plugin, uint32_t part, const PluginState& state);

// What stands in a chain for a plugin that is being restarted, or could not be: every request that it wanted
// fails, and on_error answers.
std::shared_ptr<const Interceptor> stand_in_for(const PluginInstance& plugin);

}  // namespace gatewayd

#endif
