// PluginInstance: one generation of a configured plugin in this process (gw_inst of the ABI): its library,
// its state, its interceptor. Made and ended on the control thread (instance_life.h); what is set when create
// has returned is constant, for any thread. Shared: whoever looks at one keeps it, though it may be
// destroyed.
#ifndef GATEWAYD_CORE_PLUGINS_INSTANCE_H
#define GATEWAYD_CORE_PLUGINS_INSTANCE_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/async/callback_owner.h"
#include "core/chain/interceptor.h"
#include "core/config/settings.h"
#include "core/plugins/library.h"
#include "core/plugins/services.h"

namespace gatewayd {

// What all generations of one configured plugin have in common, for as long as the process.
struct PluginLineage {
    std::string name;
    uint32_t generations = 0;  // made until now; the control thread's
    std::atomic<uint64_t> swapped{0};
    std::atomic<uint64_t> failed{0};  // new generations that did not come
    const std::shared_ptr<PluginStats> stats =
        std::make_shared<PluginStats>();  // all generations count there
};

struct PluginInstance {
    PluginSettings settings;
    HostServices* services = nullptr;
    std::shared_ptr<PluginLineage> lineage;  // null in a test's harness
    uint32_t generation = 1;
    uint64_t number = 0;  // of all instances of this process; never used again
    std::shared_ptr<const PluginLibrary> library;
    void* self = nullptr;
    std::shared_ptr<Interceptor> interceptor;  // null: a plugin that only offers services
    uint32_t stage = 0;                        // GW_STAGE_
    int32_t order = 0;
    std::vector<std::string> required_services;  // by create
    CallbackOwner callbacks;
    bool forgotten = false;                 // by the services: nothing of it is left there
    mutable std::atomic<bool> over{false};  // the same, for capabilities: they take nothing of it any more

    // The control thread's.
    bool created = false;
    bool started = false;
    uint64_t start_number = 0;  // the how many-th start of this process; 0: was not started
    bool abandoned = false;     // at its end somebody held a service of it: neither stopped nor destroyed
    // Chains have copies: when the last is gone, no hook runs any more. Null from the moment it leaves.
    std::shared_ptr<const Interceptor> lease;
    // Completions that the host still owes it have copies. Null once it was stopped.
    std::shared_ptr<void> calls;

    // For lists.
    enum class State : uint8_t { running, draining, restarting, failed };
    std::atomic<State> state{State::running};

    const void* lineage_key() const { return lineage ? static_cast<const void*>(lineage.get()) : this; }
};
using PluginInstancePtr = std::shared_ptr<PluginInstance>;

inline gw_inst* to_abi(PluginInstance* instance) {
    return reinterpret_cast<gw_inst*>(instance);
}
inline PluginInstance* from_abi(gw_inst* instance) {
    return reinterpret_cast<PluginInstance*>(instance);
}

}  // namespace gatewayd

#endif
