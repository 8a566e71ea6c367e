// What a token says of its bearer, and whether it holds here and now: iss, aud, exp, nbf, iat, and the claims
// that the configuration maps to the gateway's words. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_CLAIMS_H
#define GATEWAYD_PLUGINS_AUTH_JWT_CLAIMS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../common/identity.h"
#include "refusal.h"

namespace auth_jwt {

using auth::Identity;

// Names of claims, or JSON pointers ("/realm_access/roles") of what is further in.
struct ClaimNames {
    std::string user_id = "sub";
    std::string user_type = "user_type";
    std::string client_id = "client_id";
    std::string name = "name";
    std::string groups = "groups";
    std::string tickets = "tickets";
};

struct ClaimRules {
    std::vector<std::string> issuers;    // empty: any, or none
    std::vector<std::string> audiences;  // empty: tokens that have no aud
    int64_t leeway_s = 30;
    bool require_exp = true;
    ClaimNames names;
};

// `payload`: of a token whose signature holds.
Refusal read_claims(std::string_view payload, const ClaimRules& rules, int64_t now_s, Identity* out);

}  // namespace auth_jwt

#endif
