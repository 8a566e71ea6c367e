// What plugins may ask of a request, whoever it is bound to: a socket (core/session), a back end, or a test
// (core/harness). Pure functions: any thread.
#ifndef GATEWAYD_CORE_CHAIN_REQUEST_RULES_H
#define GATEWAYD_CORE_CHAIN_REQUEST_RULES_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatewayd {

// Of a handshake's response, set by plugins.
inline constexpr size_t max_response_headers = 32;
inline constexpr size_t max_response_header_bytes = 4096;

// GW_E_ARG: no header's name or value, or one that is the handshake's own (RFC 6455 section 4.2.2) or would
// break its framing. GW_E_LIMIT: too long.
int32_t check_response_header(std::string_view name, std::string_view value);

// The texts of a reject().
bool is_rejection(std::string_view word, std::string_view why);

}  // namespace gatewayd

#endif
