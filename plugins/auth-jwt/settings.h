// Settings: the plugin's configuration, read and checked; README.md says what each key means. Key files are
// read here, so that `gatewayd check` finds what is wrong with them. [control]
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_SETTINGS_H
#define GATEWAYD_PLUGINS_AUTH_JWT_SETTINGS_H

#include <string>
#include <vector>

#include "claims.h"
#include "gateway/plugin.hpp"
#include "key.h"
#include "key_source.h"
#include "token.h"

namespace auth_jwt {

struct Settings {
    KeyList keys;
    std::vector<KeyUrl> key_urls;
    TokenRules token;
    ClaimRules claims;
    int64_t expiry_notice_s = 60;  // before a token expires its client is told; 0: never
    std::string warnings;          // what works and should not stay so, in one line; empty: nothing

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config, const gateway::Host& host);
};

}  // namespace auth_jwt

#endif
