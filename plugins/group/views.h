// Views: groups, members and who is online as JSON, a page at a time, for clients and for the API. A cursor
// is the last id of the page before. Under the lock of whoever owns the model.
#ifndef GATEWAYD_PLUGINS_GROUP_VIEWS_H
#define GATEWAYD_PLUGINS_GROUP_VIEWS_H

#include <string>
#include <string_view>

#include "model.h"

namespace group {

inline constexpr size_t default_page = 100;
inline constexpr size_t max_page = 1000;

struct Page {
    std::string cursor;  // empty: from the beginning
    size_t limit = default_page;
};

// {"group_id","visibility","members",...}. member: whose view it is, with role and mute; null: an operator's,
// with owner, who made it, online and invitations.
std::string describe(const Group& group, const Membership* member);
// What anybody may know of a public group.
std::string describe_outside(const Group& group);
// {"user_id","role","joined_at","muted_until","online"}; online is left out when with_online is false.
std::string describe(const Membership& member, bool with_online);

// Objects in braces, whose members are added to an answer: {"groups":[...],"next_cursor":...}.
std::string all_groups(const Model& model, const Page& page);
// With the invitations that wait, on the first page.
std::string groups_of(const User& user, const Page& page);
std::string members_of(const Group& group, const Page& page, bool with_online);
// {"online":["u1"],"online_count":N,"members":N,"next_cursor"}
std::string presence_of(const Group& group, const Page& page);

}  // namespace group

#endif
