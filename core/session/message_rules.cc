#include "core/session/message_rules.h"

#include <algorithm>

namespace gatewayd {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

bool is_reserved_type(std::string_view type) {
    static constexpr std::string_view words[] = {"connected", "pong", "error", "ack", "reconnect"};
    static constexpr std::string_view prefixes[] = {"group_", "ticket_", "agent_", "auth_", "token_"};
    return std::find(std::begin(words), std::end(words), type) != std::end(words) ||
           std::any_of(std::begin(prefixes), std::end(prefixes),
                       [&](std::string_view prefix) { return starts_with(type, prefix); });
}

std::optional<RuleId> rule_of(const Envelope& envelope, bool is_reserved) {
    if (!envelope.group_id.empty() || (is_reserved && starts_with(envelope.type, "group_")))
        return rule_use_groups;
    if (!envelope.ticket_id.empty() || (is_reserved && starts_with(envelope.type, "ticket_")))
        return rule_use_tickets;
    return std::nullopt;
}

}  // namespace gatewayd
