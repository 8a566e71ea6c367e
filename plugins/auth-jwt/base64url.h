// base64url without padding (RFC 4648 section 5, RFC 7515 appendix C), read strictly: each byte string has
// exactly one text, so that a token cannot be written in two ways. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_BASE64URL_H
#define GATEWAYD_PLUGINS_AUTH_JWT_BASE64URL_H

#include <optional>
#include <string>
#include <string_view>

namespace auth_jwt {

// Nothing: another character (padding and spaces, too), an impossible length, or bits behind the last byte
// that are not zero.
std::optional<std::string> decode_base64url(std::string_view text);

// Of secrets in configurations, which come in either alphabet, padded or not.
std::optional<std::string> decode_any_base64(std::string_view text);

}  // namespace auth_jwt

#endif
