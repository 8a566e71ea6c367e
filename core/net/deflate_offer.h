// What a client offers in Sec-WebSocket-Extensions and what is answered: RFC 6455 section 9.1 for the header,
// RFC 7692 section 7.1 for permessage-deflate. Pure functions: any thread.
#ifndef GATEWAYD_CORE_NET_DEFLATE_OFFER_H
#define GATEWAYD_CORE_NET_DEFLATE_OFFER_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/options.h"

namespace gatewayd {

struct ExtensionOffer {
    std::string name;
    std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

// False: the header breaks its grammar, which ends the handshake (9.1). An empty one offers nothing.
bool parse_extension_offers(std::string_view header, std::vector<ExtensionOffer>* offers);

// What both sides keep to from the handshake on.
struct DeflateParameters {
    bool server_keeps_context = false;
    bool client_keeps_context = false;
    uint8_t server_window_bits = 15;  // 8 to 15
    uint8_t client_window_bits = 15;  // 8 to 15
    std::string answer;               // the value of Sec-WebSocket-Extensions
};

// By the first offer that can be accepted; nothing: none can, and the connection goes on without.
// keep_context: whether each side may keep its context where the client agrees.
struct DeflatePolicy {
    bool server_may_keep_context = false;
    bool client_may_keep_context = false;
    int window_bits = 15;  // 9 to 15: of our side, and of the client's if it can be told so
};
std::optional<DeflateParameters> choose_deflate(const std::vector<ExtensionOffer>& offers,
                                                const DeflatePolicy& policy);

}  // namespace gatewayd

#endif
