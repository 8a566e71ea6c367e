// What a client's message needs before plugins see it. Pure functions: any thread.
#ifndef GATEWAYD_CORE_SESSION_MESSAGE_RULES_H
#define GATEWAYD_CORE_SESSION_MESSAGE_RULES_H

#include <optional>
#include <string_view>

#include "core/chain/permissions.h"
#include "core/message/envelope.h"

namespace gatewayd {

// Types that clients may not send to each other: the core's and the bundled plugins' words.
bool is_reserved_type(std::string_view type);

// The rule that a message for a group or a ticket falls under, whichever plugin takes it. Nothing: none; what
// it needs for its destination is asked when the chain has ended.
std::optional<RuleId> rule_of(const Envelope& envelope, bool is_reserved);

}  // namespace gatewayd

#endif
