// Token: a JWT in its compact form (RFC 7519, RFC 7515), taken apart; nothing in it is believed yet. The
// payload is not looked into before the signature holds. A value: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_TOKEN_H
#define GATEWAYD_PLUGINS_AUTH_JWT_TOKEN_H

#include <string>
#include <string_view>
#include <vector>

#include "key.h"
#include "refusal.h"

namespace auth_jwt {

struct TokenRules {
    size_t max_bytes = 8192;
    std::vector<std::string> types{"JWT", "at+jwt"};  // of `typ`, in any case; a token without one is taken
};

struct Token {
    Algorithm algorithm = Algorithm::hs256;
    std::string key_id;             // `kid`; empty: none
    std::string_view signed_bytes;  // of the text that was parsed
    std::string signature;
    std::string payload;
};

// Refuses: too long; not three parts of canonical base64url; a header that is no JSON object, has a key
// twice, a `crit`, another `typ` or `alg`. `jku`, `jwk`, `x5u` and `x5c` mean nothing here: a token does not
// bring its own key.
Refusal parse_token(std::string_view text, const TokenRules& rules, Token* out);

}  // namespace auth_jwt

#endif
