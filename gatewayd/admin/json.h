// The JSON of the admin listener's answers. The only file here that sees RapidJSON. Pure functions: any
// thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_JSON_H
#define GATEWAYD_GATEWAYD_ADMIN_JSON_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway.h"

namespace gatewayd::admin {

std::string status_json(std::string_view status);                         // {"status":"ok"}
std::string error_json(std::string_view code, std::string_view message);  // {"error":{...}}
std::string published_json(std::string_view msg_id, uint64_t delivered);
std::string client_json(const Identity& client);
// next_cursor 0: null, the last page.
std::string clients_json(const std::vector<IdentityPtr>& clients, uint64_t next_cursor);
std::string user_json(std::string_view user_id, const std::vector<IdentityPtr>& clients);
std::string kicked_json(std::string_view client_id);
std::string stats_json(const GatewayStats& stats, const std::vector<std::string>& warnings, int64_t now_ms);
std::string permissions_json(const std::vector<Permissions::Rule>& rules);
std::string plugins_json(const std::vector<PluginStatus>& plugins);
std::string reload_json(const PluginReload& report);  // of one that is in place

// "2026-11-25T22:49:51.123Z"
std::string time_text(int64_t ms_since_1970);

}  // namespace gatewayd::admin

#endif
