// Where a client puts its token (docs/protocol.md): Authorization: Bearer, ?token=, or the subprotocol pair
// `bearer, <token>`, which is what a browser can send. [conn]
#ifndef GATEWAYD_PLUGINS_COMMON_BEARER_H
#define GATEWAYD_PLUGINS_COMMON_BEARER_H

#include <string_view>

#include "gateway/plugin.hpp"
#include "refusal.h"

namespace auth {

// *token is a view of the request. Refuses: none, or in more than one place (RFC 6750 section 2).
Refusal find_token(const gateway::Request& handshake, std::string_view* token);

// The credentials of "Bearer <token>", in any case; empty: another scheme.
std::string_view bearer_of(std::string_view authorization);
// What stands behind `bearer` in a list of subprotocols; empty: there is none.
std::string_view token_of_protocols(std::string_view protocols);

}  // namespace auth

#endif
