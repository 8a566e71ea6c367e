// A part of the YAML as JSON, so that each state can make its gateway.config of it.
#ifndef GATEWAY_PLUGINS_LUA_CONFIG_JSON_H
#define GATEWAY_PLUGINS_LUA_CONFIG_JSON_H

#include <gateway/plugin.hpp>
#include <string>

namespace lua {

// host: whose nodes they are. "{}" when there is nothing. Throws gateway::Error: too many levels.
std::string config_json(const gw_host* host, const gateway::Config& config);

}  // namespace lua

#endif
