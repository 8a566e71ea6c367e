// Refusal: why a token is not taken: a class (the `code` of the answer) and words. Neither ever holds
// anything of the token, so both may be logged and sent.
#ifndef GATEWAYD_PLUGINS_COMMON_REFUSAL_H
#define GATEWAYD_PLUGINS_COMMON_REFUSAL_H

#include <string>

namespace auth {

struct Refusal {
    const char* code = nullptr;  // one of those below, or a plugin's own; null: not refused
    std::string why;

    explicit operator bool() const { return code != nullptr; }
};

inline constexpr const char* token_missing = "token_missing";
inline constexpr const char* token_ambiguous = "token_ambiguous";  // in more than one place
inline constexpr const char* token_too_large = "token_too_large";
inline constexpr const char* token_malformed = "token_malformed";
inline constexpr const char* token_expired = "token_expired";
inline constexpr const char* token_other_user = "token_other_user";  // of auth_refresh: not the connection's

}  // namespace auth

#endif
