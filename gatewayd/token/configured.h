// What the configuration of auth-jwt says of the tokens that it would take: a key that can sign them, the
// names of claims, issuer and audience. Start-up only.
#ifndef GATEWAYD_GATEWAYD_TOKEN_CONFIGURED_H
#define GATEWAYD_GATEWAYD_TOKEN_CONFIGURED_H

#include <optional>
#include <string>

#include "core/config/settings.h"
#include "gatewayd/token/options.h"
#include "gatewayd/token/signing_key.h"

namespace gatewayd {

struct ClaimNames {
    std::string user_id = "sub";
    std::string user_type = "user_type";
    std::string client_id = "client_id";
    std::string name = "name";
    std::string groups = "groups";
    std::string tickets = "tickets";
};

// The `config` of the plugin auth-jwt, from wsc.security.auth or plugins.load; null: it is not configured.
ConfigNodePtr auth_config_of(const Settings& settings);

// The first key of `keys` that can sign, of that kid if one is asked for. Nothing, with *why.
std::optional<SigningKey> configured_key(const ConfigNode& auth, const std::string& key_id, std::string* why);
ClaimNames configured_names(const ConfigNode& auth);
// Issuer and audience, where the options say none.
void take_configured(const ConfigNode& auth, TokenOptions* options);

// A whole small file. Nothing: it cannot be read.
std::optional<std::string> read_small_file(const std::string& path);

}  // namespace gatewayd

#endif
