// gw.admin/1: checks what plugins say, and calls AdminRoutes.
#include <algorithm>

#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/admin_routes.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"

namespace gatewayd {
namespace {

constexpr size_t max_content_type_bytes = 128;

int32_t admin_route(gw_inst* inst, gw_str method, gw_str path, gw_admin_fn handler, void* ud) {
    if (!inst || !handler) return GW_E_ARG;
    const PluginInstance& plugin = *from_abi(inst);
    const gw_interceptor* interceptor = plugin.library->interceptor();
    std::string why = "the plugin is started already";
    const int32_t code =
        plugin.started
            ? GW_E_STATE
            : plugin.services->admin_routes().add(
                  {inst, plugin.settings.name, interceptor ? interceptor->stage : GW_STAGE_MESSAGE},
                  from_abi(method), from_abi(path), handler, ud, &why);
    if (code != GW_OK) {
        log::write_limited(LogLevel::warn, "plugin.admin.route." + plugin.settings.name,
                           "a plugin's HTTP route was refused",
                           {{"plugin", plugin.settings.name},
                            {"method", from_abi(method)},
                            {"path", from_abi(path)},
                            {"why", why}});
    }
    return code;
}

int32_t admin_parameter(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out) {
    if (!inst || !request || !request->details || !out) return GW_E_ARG;
    return AdminRoutes::parameter(*request, from_abi(name), out);
}

int32_t admin_query(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out) {
    if (!inst || !request || !request->details || !out) return GW_E_ARG;
    return AdminRoutes::query(*request, from_abi(name), out);
}

bool is_header_value(std::string_view text) {
    return text.size() <= max_content_type_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

int32_t admin_answer(gw_inst* inst, gw_token call, int32_t status, gw_str content_type, gw_str body) {
    if (!inst || status < 200 || status > 599 || !is_header_value(from_abi(content_type))) return GW_E_ARG;
    if ((status == 204 || status == 304) && body.len > 0) return GW_E_ARG;  // these have none
    if (body.len > max_admin_answer_bytes) return GW_E_LIMIT;
    AdminAnswer answer;
    answer.status = status;
    answer.content_type = content_type.len > 0 ? std::string(from_abi(content_type)) : "application/json";
    answer.body = from_abi(body);
    return from_abi(inst)->services->admin_routes().answer(inst, call, std::move(answer));
}

}  // namespace

const void* admin_table() {
    static const gw_admin_v1 table = {sizeof(gw_admin_v1), 0,           admin_route,
                                      admin_parameter,     admin_query, admin_answer};
    return &table;
}

}  // namespace gatewayd
