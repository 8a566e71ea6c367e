// The checked functions of gw.service/1, and the other plugins of a test.
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/service.h"

namespace gatewayd::harness {
namespace {

const gw_service_v1& host() {
    return *static_cast<const gw_service_v1*>(service_table());
}

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

// What the host would only log.
int32_t told(const HostCall& call, const char* function, gw_str name, int32_t code) {
    if (code == GW_E_STATE || code == GW_E_ARG || code == GW_E_LIMIT) {
        call.engine().problem(std::string(function) + "(" + std::string(from_abi(name)) +
                              ") was refused: " + std::to_string(code));
    }
    return code;
}

int32_t publish(gw_inst* inst, gw_str name, const void* table) {
    const HostCall call = of_instance("service.publish", inst).takes(name);
    return call.ok() ? told(call, "service.publish", name, host().publish(call.real_inst(), name, table))
                     : call.error();
}
int32_t require(gw_inst* inst, gw_str name) {
    const HostCall call = of_instance("service.require", inst).takes(name);
    return call.ok() ? told(call, "service.require", name, host().require(call.real_inst(), name))
                     : call.error();
}
int32_t acquire(gw_inst* inst, gw_str name, const void** table, uint64_t* pin) {
    const HostCall call = of_instance("service.acquire", inst).takes(name).needs(table).needs(pin);
    return call.ok() ? told(call, "service.acquire", name, host().acquire(call.real_inst(), name, table, pin))
                     : call.error();
}
int32_t release(gw_inst* inst, uint64_t pin) {
    const HostCall call = of_instance("service.release", inst);
    if (!call.ok()) return call.error();
    const int32_t code = host().release(call.real_inst(), pin);
    if (code == GW_E_STALE) {
        call.engine().problem("service.release() of a pin that the plugin does not hold: " +
                              std::to_string(pin));
    }
    return code;
}

}  // namespace

const void* checked_service_table() {
    static const gw_service_v1 table = {sizeof(gw_service_v1), 0, publish, require, acquire, release};
    return &table;
}

// --- the other plugins ---

void Engine::offer_service(const std::string& name, const void* table) {
    if (!is_service_name(name)) throw gateway::harness::Error(name + " is no service such as acme.crm/1");
    ServiceRegistry& registry = hub_.service_registry();
    const void*& now = offered_[name];
    if (table == now) throw gateway::harness::Error(name + " is offered by this very table already");
    ServiceRegistry::Changes changes;
    if (table == nullptr) {
        changes = registry.withdraw(now);
    } else {
        // Each table stands for a generation of one other plugin.
        const int32_t code = registry.offer({table, "the provider of " + name}, name, table);
        if (code != GW_OK) throw gateway::harness::Error(name + " is offered by the plugin under test");
        changes = registry.commit(table, now);
    }
    now = table;
    if (!started_) return;
    for (const ServiceRegistry::Change& change : changes)
        emit(GW_EV_SERVICE_CHANGED, nullptr, change.code, change.name);
}

const void* Engine::service(const std::string& name) {
    const void* table = nullptr;
    uint64_t pin = 0;
    ServiceRegistry& registry = hub_.service_registry();
    if (registry.acquire({this, "the test"}, name, &table, &pin) != GW_OK) return nullptr;
    registry.release(this, pin);
    return table;
}

bool Engine::holds_service(const void* table) {
    return hub_.service_registry().pinned(table);
}

std::string Engine::missing_service() {
    for (const std::string& service : instance_.required_services) {
        if (!hub_.service_registry().is_offered(service))
            return "needs the service " + service + ", which no loaded plugin offers";
    }
    return {};
}

}  // namespace gatewayd::harness
