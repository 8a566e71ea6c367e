// gw.service/1: checks what plugins say, and calls the registry.
#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "core/plugins/service_registry.h"
#include "gateway/ext/service.h"

namespace gatewayd {
namespace {

ServiceRegistry::Party party(const PluginInstance& plugin) {
    return {&plugin, plugin.settings.name};
}

int32_t refused(const PluginInstance& plugin, const char* function, std::string_view service,
                std::string_view why, int32_t code = GW_E_STATE) {
    log::write_limited(
        LogLevel::warn, "plugin.service." + plugin.settings.name, "a plugin's call for a service was refused",
        {{"plugin", plugin.settings.name}, {"function", function}, {"service", service}, {"why", why}});
    return code;
}

int32_t service_publish(gw_inst* inst, gw_str name, const void* table) {
    const std::string_view service = from_abi(name);
    if (!inst || !table || !is_service_name(service)) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    if (plugin.started) return refused(plugin, "publish", service, "the plugin is started already");
    if (!plugin.library->note().offers_service(service))
        return refused(plugin, "publish", service, "its note has no offers= with this name");
    const int32_t code = plugin.services->service_registry().offer(party(plugin), service, table);
    if (code == GW_E_STATE) return refused(plugin, "publish", service, "it is published already");
    if (code == GW_E_LIMIT) return refused(plugin, "publish", service, "too many services", code);
    return code;
}

int32_t service_require(gw_inst* inst, gw_str name) {
    const std::string_view service = from_abi(name);
    if (!inst || !is_service_name(service)) return GW_E_ARG;
    PluginInstance& plugin = *from_abi(inst);
    if (plugin.created) return refused(plugin, "require", service, "the plugin is created already");
    if (!plugin.library->note().uses_service(service))
        return refused(plugin, "require", service, "its note has no uses= with this name");
    plugin.required_services.emplace_back(service);
    return GW_OK;
}

int32_t service_acquire(gw_inst* inst, gw_str name, const void** table, uint64_t* pin) {
    const std::string_view service = from_abi(name);
    if (!inst || !table || !pin || !is_service_name(service)) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    if (!plugin.created) return refused(plugin, "acquire", service, "create must not acquire: start does");
    if (!plugin.library->note().uses_service(service))
        return refused(plugin, "acquire", service, "its note has no uses= with this name");
    const int32_t code = plugin.services->service_registry().acquire(party(plugin), service, table, pin);
    if (code == GW_E_LIMIT) return refused(plugin, "acquire", service, "too many pins", code);
    return code;
}

int32_t service_release(gw_inst* inst, uint64_t pin) {
    if (!inst) return GW_E_ARG;
    return from_abi(inst)->services->service_registry().release(inst, pin);
}

}  // namespace

const void* service_table() {
    static const gw_service_v1 table = {
        sizeof(gw_service_v1), 0, service_publish, service_require, service_acquire, service_release};
    return &table;
}

}  // namespace gatewayd
