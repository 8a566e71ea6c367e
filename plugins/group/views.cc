#include "views.h"

#include "../common/json_object.h"
#include "notices.h"

namespace group {
namespace {

using json::JsonList;
using json::JsonObject;

// Adds the page of an ordered map, each as `write` has it, under `name`, and the next cursor.
template <typename Map, typename Write>
void add_page(const char* name, const Map& map, const Page& page, const Write& write, JsonObject* out) {
    JsonList list;
    auto at = page.cursor.empty() ? map.begin() : map.upper_bound(std::string_view(page.cursor));
    std::string last;
    for (size_t count = 0; at != map.end() && count < page.limit; ++at, ++count) {
        list.raw(write(*at->second));
        last = at->first;
    }
    out->raw(name, list.end());
    if (at == map.end()) {
        out->raw("next_cursor", "null");
    } else {
        out->text("next_cursor", last);
    }
}

}  // namespace

std::string describe(const Group& group, const Membership* member) {
    JsonObject object;
    object.text("group_id", group.id).text("visibility", word_of(group.visibility));
    if (member) {
        object.text("role", word_of(member->role));
        if (member->muted_until_ms > 0) object.raw("muted_until", until_json(member->muted_until_ms));
    } else {
        const Membership* const owner = group.owner;
        object.optional_text("owner", owner ? std::string_view(owner->user->id) : std::string_view())
            .text("created_by", group.kept ? "api" : "join")
            .number("online", static_cast<int64_t>(group.online.size()))
            .number("invitations", static_cast<int64_t>(group.invited.size()));
    }
    return object.number("members", static_cast<int64_t>(group.members.size()))
        .time("created_at", group.created_ms)
        .raw("metadata", group.metadata)
        .end();
}

std::string describe_outside(const Group& group) {
    return JsonObject()
        .text("group_id", group.id)
        .text("visibility", word_of(group.visibility))
        .number("members", static_cast<int64_t>(group.members.size()))
        .raw("metadata", group.metadata)
        .end();
}

std::string describe(const Membership& member, bool with_online) {
    JsonObject object;
    object.text("user_id", member.user->id)
        .text("role", word_of(member.role))
        .time("joined_at", member.joined_ms);
    if (member.muted_until_ms > 0) object.raw("muted_until", until_json(member.muted_until_ms));
    if (with_online) object.boolean("online", member.user->online());
    return object.end();
}

std::string all_groups(const Model& model, const Page& page) {
    JsonObject object;
    add_page(
        "groups", model.groups(), page, [](const Group& group) { return describe(group, nullptr); }, &object);
    return object.number("total", static_cast<int64_t>(model.groups().size())).end();
}

std::string groups_of(const User& user, const Page& page) {
    JsonObject object;
    add_page(
        "groups", user.groups, page,
        [](const Membership& member) { return describe(*member.group, &member); }, &object);
    if (page.cursor.empty()) {
        JsonList invitations;
        for (const auto& [id, group] : user.invitations) {
            const Invitation& invitation = group->invited.at(user.id);
            invitations.raw(JsonObject()
                                .text("group_id", id)
                                .optional_text("by", invitation.by)
                                .time("invited_at", invitation.at_ms)
                                .raw("metadata", group->metadata)
                                .end());
        }
        object.raw("invitations", invitations.end());
    }
    return object.number("total", static_cast<int64_t>(user.groups.size())).end();
}

std::string members_of(const Group& group, const Page& page, bool with_online) {
    JsonObject object;
    add_page(
        "members", group.members, page,
        [&](const Membership& member) { return describe(member, with_online); }, &object);
    return object.number("total", static_cast<int64_t>(group.members.size())).end();
}

std::string presence_of(const Group& group, const Page& page) {
    JsonList online;
    const auto& all = group.online;
    auto at = page.cursor.empty() ? all.begin() : all.upper_bound(std::string_view(page.cursor));
    std::string_view last;
    for (size_t count = 0; at != all.end() && count < page.limit; ++at, ++count) {
        online.text(*at);
        last = *at;
    }
    JsonObject object;
    object.raw("online", online.end())
        .number("online_count", static_cast<int64_t>(all.size()))
        .number("members", static_cast<int64_t>(group.members.size()));
    return (at == all.end() ? object.raw("next_cursor", "null") : object.text("next_cursor", last)).end();
}

}  // namespace group
