// Notices: what a fact is called and what is said of it, to members, to the user concerned, to other plugins.
// Functions of their arguments: any thread.
#ifndef GATEWAYD_PLUGINS_GROUP_NOTICES_H
#define GATEWAYD_PLUGINS_GROUP_NOTICES_H

#include <string>
#include <string_view>

#include "types.h"

namespace group {

// The members of a JSON object that say it, in braces: {"group_id":"g1","user_id":"u1",...}.
std::string facts_json(const Fact& fact);

// "group.member_joined": for other plugins.
std::string_view event_name(Fact::Kind kind);
// The frame for all members; empty: they are told nothing of this.
std::string member_notice(const Fact& fact);
// The frame for the user whom it is about; empty: none.
std::string user_notice(const Fact& fact);

// null: never ends.
std::string until_json(int64_t until_ms);

}  // namespace group

#endif
