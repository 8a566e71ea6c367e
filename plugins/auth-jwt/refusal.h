// Refusal: why a token is not taken: a class (the `code` of the answer) and words. Neither ever holds
// anything of the token, so both may be logged and sent.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_REFUSAL_H
#define GATEWAYD_PLUGINS_AUTH_JWT_REFUSAL_H

#include <string>

namespace auth_jwt {

struct Refusal {
    const char* code = nullptr;  // one of those below; null: not refused
    std::string why;

    explicit operator bool() const { return code != nullptr; }
};

inline constexpr const char* token_missing = "token_missing";
inline constexpr const char* token_ambiguous = "token_ambiguous";  // in more than one place
inline constexpr const char* token_too_large = "token_too_large";
inline constexpr const char* token_malformed =
    "token_malformed";  // no JWT, or one that can be read in two ways
inline constexpr const char* token_wrong_algorithm = "token_wrong_algorithm";
inline constexpr const char* token_unknown_key = "token_unknown_key";
inline constexpr const char* keys_unavailable = "keys_unavailable";  // 503: there are none yet to verify with
inline constexpr const char* token_bad_signature = "token_bad_signature";
inline constexpr const char* token_expired = "token_expired";
inline constexpr const char* token_not_yet_valid = "token_not_yet_valid";
inline constexpr const char* token_wrong_issuer = "token_wrong_issuer";
inline constexpr const char* token_wrong_audience = "token_wrong_audience";
inline constexpr const char* token_other_user = "token_other_user";  // of auth_refresh: not the connection's
inline constexpr const char* token_bad_claim = "token_bad_claim";    // missing, of a wrong type, too long

}  // namespace auth_jwt

#endif
