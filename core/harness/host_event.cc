// The checked functions of gw.event/1, and the other plugins of a test: who hears what the plugin emits, who
// emits what it hears.
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "core/plugins/plugin_events.h"
#include "gateway/ext/event.h"

namespace gatewayd::harness {
namespace {

const gw_event_v1& host() {
    return *static_cast<const gw_event_v1*>(event_table());
}

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

int32_t told(const HostCall& call, const char* function, gw_str name, int32_t code) {
    if (code == GW_E_ARG || code == GW_E_STATE || code == GW_E_LIMIT) {
        call.engine().problem(std::string(function) + "(" + std::string(from_abi(name)) +
                              ") was refused: " + std::to_string(code));
    }
    return code;
}

// The plugin's listener behind the gateway's: texts die with it. Until the engine goes.
struct Listener {
    Engine* engine;
    gw_event_fn fn;
    void* ud;

    static void call(void* self, const gw_plugin_event* event) {
        auto* listener = static_cast<Listener*>(self);
        HookCall call(listener->engine, "a listener", {});
        gw_plugin_event shown = *event;
        for (gw_str* text : {&shown.name, &shown.json, &shown.emitter})
            *text = call.give(from_abi(*text));
        try {
            listener->fn(listener->ud, &shown);
        } catch (...) {
            listener->engine->problem("an exception left a listener");
            throw;
        }
    }
};

int32_t emit(gw_inst* inst, gw_str name, gw_str json) {
    const HostCall call = of_instance("event.emit", inst).takes(name).takes(json);
    if (!call.ok()) return call.error();
    const int32_t code = told(call, "event.emit", name, host().emit(call.real_inst(), name, json));
    if (code == GW_OK) call.engine().hub().heard(from_abi(name), from_abi(json));
    return code;
}

int32_t wanted(gw_inst* inst, gw_str name) {
    const HostCall call = of_instance("event.wanted", inst).takes(name);
    return call.ok() ? told(call, "event.wanted", name, host().wanted(call.real_inst(), name)) : call.error();
}

int32_t listen(gw_inst* inst, gw_str pattern, gw_event_fn fn, void* ud) {
    const HostCall call = of_instance("event.listen", inst).takes(pattern);
    if (!call.ok()) return call.error();
    if (!fn) return told(call, "event.listen", pattern, GW_E_ARG);
    const auto listener = std::make_shared<Listener>(Listener{&call.engine(), fn, ud});
    call.engine().keep(listener);
    return told(call, "event.listen", pattern,
                host().listen(call.real_inst(), pattern, Listener::call, listener.get()));
}

}  // namespace

const void* checked_event_table() {
    static const gw_event_v1 table = {sizeof(gw_event_v1), 0, emit, wanted, listen};
    return &table;
}

void Engine::emit_event(const std::string& name, const std::string& json, const std::string& emitter) {
    if (!is_event_name(name)) throw gateway::harness::Error(name + " is no name of a plugin's event");
    PluginEvents& events = hub_.plugin_events();
    if (events.wanted(emitter, name)) static_cast<void>(events.emit(emitter, name, json, wall_time_ms()));
}

// --- the plugin that hears all ---

namespace {

constexpr const char* hearer_name = "the test";

}  // namespace

void FakeHub::listens(bool yes) {
    hearer_.instance = &hearer_;
    plugin_events_.forget(&hearer_);
    if (!yes) return;
    auto nobody = std::make_shared<Interceptor>();
    nobody->name = hearer_name;
    hearer_.blamed = std::move(nobody);
    static_cast<void>(plugin_events_.listen(
        &hearer_, hearer_name, "*", [](void*, const gw_plugin_event*) {}, nullptr));
    plugin_events_.commit(&hearer_, nullptr);
}

void FakeHub::heard(std::string_view name, std::string_view json) {
    const std::lock_guard<std::mutex> lock(mutex_);
    emitted_.push_back({std::string(name), std::string(json)});
}

std::vector<gateway::harness::Emitted> FakeHub::emitted() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return emitted_;
}

}  // namespace gatewayd::harness
