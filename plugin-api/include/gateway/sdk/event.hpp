// Events of plugins for plugins (gateway/ext/event.h). Who tells, from Start to the end of Stop, on any
// thread:
//
//     gateway::emit(host(), "ticket.assigned", R"({"ticket_id":"t1","agent":"ann"})");
//
// Who listens says so in Configure, which misses nothing, or in Start:
//
//     gateway::listen<&Crm::on_ticket>(host(), this, "ticket.*");
//
// and has a public method, called on the control thread, that must not block:
//
//     void on_ticket(const gateway::PluginEvent& event) { host().info(event.name); }
#ifndef GATEWAY_SDK_EVENT_HPP
#define GATEWAY_SDK_EVENT_HPP

#include <cstdint>
#include <string_view>

#include "gateway/ext/event.h"
#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// What a listener gets; its texts die with the listener. Members: gw_plugin_event.
struct PluginEvent {
    std::string_view name;
    std::string_view json;
    std::string_view emitter;
    int64_t at_ms = 0;
    uint64_t number = 0;

    static PluginEvent from(const gw_plugin_event& raw) {
        return {to_view(raw.name), to_view(raw.json), to_view(raw.emitter), raw.at_ms, raw.number};
    }
};

namespace detail {

template <typename Plugin>
struct HostOf;  // plugin.hpp

// Null: this gateway has none.
inline const gw_event_v1* find_events(const Host& host) {
    return static_cast<const gw_event_v1*>(host.raw()->extension(host.inst(), to_gw(GW_EXT_EVENT)));
}

template <auto Method>
struct EventMethod;
template <typename Class, void (Class::*Method)(const PluginEvent&)>
struct EventMethod<Method> {
    // What the method throws is logged.
    static void call(void* self, const gw_plugin_event* raw) noexcept {
        auto& plugin = *static_cast<Class*>(self);
        const Host& host = HostOf<Class>::of(plugin);
        guarded(host.raw(), host.inst(), "a listener",
                [&] { return (plugin.*Method)(PluginEvent::from(*raw)), GW_OK; });
    }
};

}  // namespace detail

// False: it is lost for some listener, which has too many waiting. A gateway without gw.event/1 has no
// listeners. Throws for a name or JSON that is none.
inline bool emit(const Host& host, std::string_view name, std::string_view json) {
    const gw_event_v1* const events = detail::find_events(host);
    if (events == nullptr) return true;
    const int32_t code = events->emit(host.inst(), to_gw(name), to_gw(json));
    if (code == GW_E_LIMIT) return false;
    check(code, "emit", name);
    return true;
}
// Whether some other plugin listens to this, so that it is worth to make the JSON.
inline bool wanted(const Host& host, std::string_view name) {
    const gw_event_v1* const events = detail::find_events(host);
    return events != nullptr && events->wanted(host.inst(), to_gw(name)) == 1;
}
// [control] In Configure or Start; plugin: this. Throws for a pattern that is none, and where the gateway has
// no gw.event/1.
template <auto Method, typename Plugin>
void listen(const Host& host, Plugin* plugin, std::string_view pattern) {
    const gw_event_v1* const events = detail::find_events(host);
    if (events == nullptr) throw Error("this gatewayd does not offer " GW_EXT_EVENT, GW_E_STATE);
    check(events->listen(host.inst(), to_gw(pattern), &detail::EventMethod<Method>::call, plugin), "listen",
          pattern);
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
