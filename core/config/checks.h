// Checks of single values: empty when the value is fine, else what is wrong with it. Pure functions: any
// thread.
#ifndef GATEWAYD_CORE_CONFIG_CHECKS_H
#define GATEWAYD_CORE_CONFIG_CHECKS_H

#include <string>
#include <string_view>

#include "core/config/address.h"

namespace gatewayd::config {

std::string check_ip(std::string_view text);
std::string check_network(std::string_view text);      // "10.0.0.0/8", "::1"
std::string check_listen(std::string_view text);       // empty text: no listener
std::string check_url_path(std::string_view text);     // "/ws"
std::string check_plugin_name(std::string_view text);  // [a-z0-9._-], begins with a letter or digit
std::string check_user_type(std::string_view text);
std::string check_api_key(std::string_view text);  // does not repeat the key
std::string check_folder(std::string_view text);

}  // namespace gatewayd::config

#endif
