// Texts of HTTP that both listeners read. Pure functions: any thread.
#ifndef GATEWAYD_CORE_BASE_HTTP_TEXT_H
#define GATEWAYD_CORE_BASE_HTTP_TEXT_H

#include <optional>
#include <string>
#include <string_view>

namespace gatewayd {

// RFC 3986 section 2.1. Nothing for a broken escape. `plus_is_space`: '+' is a space, as forms write queries.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

// ASCII letters in any case; names of headers, schemes and hosts.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// RFC 9110 section 5.6.2: what names of headers and of extensions are made of; not empty.
bool is_token(std::string_view text);

}  // namespace gatewayd

#endif
