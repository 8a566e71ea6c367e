// gw.event/1: checks what plugins say, and calls PluginEvents.
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/chain/context.h"
#include "core/message/codec.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "core/plugins/plugin_events.h"

namespace gatewayd {
namespace {

void told(const PluginInstance& plugin, const char* what, std::string_view name, std::string_view why) {
    log::write_limited(LogLevel::warn, std::string("plugin.event.") + what + "." + plugin.settings.name, what,
                       {{"plugin", plugin.settings.name}, {"event", name}, {"why", why}});
}

bool is_object(std::string_view json) {
    return !json.empty() && json.front() == '{' && is_valid_utf8(json) && is_valid_json(json);
}

int32_t event_emit(gw_inst* inst, gw_str name, gw_str json) {
    const std::string_view event = from_abi(name);
    if (!inst || (json.len > 0 && !json.ptr)) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    if (!is_event_name(event)) {
        told(plugin, "a plugin's event was refused", event, "it is no name of an event");
        return GW_E_ARG;
    }
    if (!plugin.callbacks.open) return GW_E_STATE;
    PluginEvents& events = plugin.services->plugin_events();
    if (!events.wanted(plugin.settings.name, event)) return GW_OK;
    if (json.len > GW_EVENT_MAX_JSON || !is_object(from_abi(json))) {
        told(plugin, "a plugin's event was refused", event,
             "its JSON must be an object of at most " + std::to_string(GW_EVENT_MAX_JSON) + " bytes");
        return GW_E_ARG;
    }
    const int32_t code = events.emit(plugin.settings.name, event, from_abi(json), wall_now_ms());
    if (code == GW_E_LIMIT) {
        told(plugin, "an event is lost for a plugin that listens", event,
             "too many wait for it, or were emitted on account of each other");
    }
    return code;
}

int32_t event_wanted(gw_inst* inst, gw_str name) {
    if (!inst || !is_event_name(from_abi(name))) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    if (!plugin.callbacks.open) return GW_E_STATE;
    return plugin.services->plugin_events().wanted(plugin.settings.name, from_abi(name)) ? 1 : 0;
}

int32_t event_listen(gw_inst* inst, gw_str pattern, gw_event_fn fn, void* ud) {
    const std::string_view wanted = from_abi(pattern);
    if (!inst || !fn) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    const char* why = "it is no name of an event, \"NAME.*\" or \"*\"";
    int32_t code = GW_E_ARG;
    if (plugin.started) {
        why = "the plugin is started already";
        code = GW_E_STATE;
    } else if (is_event_pattern(wanted)) {
        why = "too many patterns";
        code =
            plugin.services->plugin_events().listen(&plugin.callbacks, plugin.settings.name, wanted, fn, ud);
    }
    if (code != GW_OK) told(plugin, "a plugin may not listen", wanted, why);
    return code;
}

}  // namespace

const void* event_table() {
    static const gw_event_v1 table = {sizeof(gw_event_v1), 0, event_emit, event_wanted, event_listen};
    return &table;
}

}  // namespace gatewayd
