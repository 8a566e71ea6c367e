// Notices: what a fact is called and what is said of it: to those concerned, to other plugins, in the
// history. Functions of their arguments: any thread.
#ifndef GATEWAYD_PLUGINS_TICKET_NOTICES_H
#define GATEWAYD_PLUGINS_TICKET_NOTICES_H

#include <string>
#include <string_view>

#include "types.h"

namespace ticket {

// Who is told.
enum class Audience : uint8_t {
    nobody,
    all,    // who takes part, and who observes
    staff,  // the same, but for customers
    customer,
    user,  // fact.user
};
Audience audience_of(const Fact& fact);

// "assigned": of metrics; "ticket.assigned": the event for other plugins.
std::string_view name_of(Fact::Kind kind);
std::string event_name(Fact::Kind kind);

// The members of a JSON object that say it, in braces: {"ticket_id":"t1","state":"active",...}. position: of
// a ticket that waits; 0: it is not said.
std::string facts_json(const Fact& fact, size_t position = 0);
// The frame.
std::string notice(const Fact& fact, size_t position = 0);

// What the history keeps of it, and whether for the staff alone.
std::string entry_of(const Fact& fact);
bool is_for_staff(Fact::Kind kind);

}  // namespace ticket

#endif
