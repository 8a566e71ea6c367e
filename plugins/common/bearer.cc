#include "bearer.h"

#include <algorithm>

#include "ascii.h"

namespace auth {
namespace {

constexpr std::string_view scheme = "bearer";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::string_view take_item(std::string_view* list) {
    const size_t comma = std::min(list->find(','), list->size());
    const std::string_view item = trimmed(list->substr(0, comma));
    list->remove_prefix(std::min(comma + 1, list->size()));
    return item;
}

}  // namespace

std::string_view bearer_of(std::string_view authorization) {
    authorization = trimmed(authorization);
    const size_t space = authorization.find(' ');
    if (space == std::string_view::npos || !ascii::same_ignoring_case(authorization.substr(0, space), scheme))
        return {};
    return trimmed(authorization.substr(space + 1));
}

std::string_view token_of_protocols(std::string_view protocols) {
    while (!protocols.empty()) {
        if (take_item(&protocols) == scheme) return take_item(&protocols);
    }
    return {};
}

Refusal find_token(const gateway::Request& handshake, std::string_view* token) {
    int places = 0;
    const auto found = [&](std::string_view text) {
        if (text.empty()) return;
        *token = text;
        ++places;
    };
    if (const auto header = handshake.header("Authorization")) found(bearer_of(*header));
    if (const auto query = handshake.query("token")) found(*query);
    if (const auto protocols = handshake.header("Sec-WebSocket-Protocol"))
        found(token_of_protocols(*protocols));
    if (places == 0) {
        return {token_missing,
                "a token is needed: Authorization: Bearer, ?token=, or the subprotocols bearer, <token>"};
    }
    if (places > 1) return {token_ambiguous, "the token stands in more than one place; send it in one"};
    return {};
}

}  // namespace auth
