// PluginInstance: one configured plugin in this process (gw_inst of the ABI): its library, its state, its
// interceptor. Made by PluginHost on the control thread; constant while reactors run.
#ifndef GATEWAYD_CORE_PLUGINS_INSTANCE_H
#define GATEWAYD_CORE_PLUGINS_INSTANCE_H

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/async/callback_owner.h"
#include "core/chain/interceptor.h"
#include "core/config/settings.h"
#include "core/plugins/library.h"
#include "core/plugins/services.h"

namespace gatewayd {

struct PluginInstance {
    PluginSettings settings;
    HostServices* services = nullptr;
    std::shared_ptr<const PluginLibrary> library;
    void* self = nullptr;
    bool created = false;
    bool started = false;
    mutable std::atomic<bool> over{false};     // forgotten: capabilities take nothing of it any more
    std::shared_ptr<Interceptor> interceptor;  // null: a plugin that only offers services
    uint32_t stage = 0;                        // GW_STAGE_
    int32_t order = 0;
    std::vector<std::string> required_services;  // by create
    bool abandoned = false;  // at its end somebody held a service of it: neither stopped nor destroyed
    CallbackOwner callbacks;
    bool forgotten = false;  // by the services: nothing of it is left there
};

inline gw_inst* to_abi(PluginInstance* instance) {
    return reinterpret_cast<gw_inst*>(instance);
}
inline PluginInstance* from_abi(gw_inst* instance) {
    return reinterpret_cast<PluginInstance*>(instance);
}

}  // namespace gatewayd

#endif
