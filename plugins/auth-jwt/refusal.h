// The classes of refusals (plugins/common/refusal.h) that only JSON Web Tokens have.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_REFUSAL_H
#define GATEWAYD_PLUGINS_AUTH_JWT_REFUSAL_H

#include "../common/refusal.h"

namespace auth_jwt {

using auth::Refusal;
using auth::token_expired;
using auth::token_malformed;  // no JWT, or one that can be read in two ways
using auth::token_too_large;

inline constexpr const char* token_wrong_algorithm = "token_wrong_algorithm";
inline constexpr const char* token_unknown_key = "token_unknown_key";
inline constexpr const char* keys_unavailable = "keys_unavailable";  // 503: there are none yet to verify with
inline constexpr const char* token_bad_signature = "token_bad_signature";
inline constexpr const char* token_not_yet_valid = "token_not_yet_valid";
inline constexpr const char* token_wrong_issuer = "token_wrong_issuer";
inline constexpr const char* token_wrong_audience = "token_wrong_audience";
inline constexpr const char* token_bad_claim = "token_bad_claim";  // missing, of a wrong type, too long

}  // namespace auth_jwt

#endif
