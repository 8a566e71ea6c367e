#include "notices.h"

#include "../common/json_object.h"

namespace group {
namespace {

using json::JsonObject;

std::string frame(std::string_view type, const Fact& fact, std::string_view why = {}) {
    return JsonObject().text("type", type).members_of(facts_json(fact)).optional_text("why", why).end();
}

}  // namespace

std::string until_json(int64_t until_ms) {
    if (until_ms == for_ever) return "null";
    return '"' + json::time_text(until_ms) + '"';
}

std::string facts_json(const Fact& fact) {
    JsonObject object;
    object.text("group_id", fact.group).optional_text("user_id", fact.user).optional_text("by", fact.by);
    object.optional_text("reason", fact.reason);
    switch (fact.kind) {
        case Fact::Kind::created:
        case Fact::Kind::updated:
            object.text("visibility", word_of(fact.visibility)).raw("metadata", fact.metadata);
            break;
        case Fact::Kind::joined:
        case Fact::Kind::role:
            object.text("role", word_of(fact.role));
            break;
        case Fact::Kind::kicked:
            if (fact.until_ms > 0) object.raw("banned_until", until_json(fact.until_ms));
            break;
        case Fact::Kind::muted:
            object.raw("muted_until", until_json(fact.until_ms));
            break;
        case Fact::Kind::deleted:
        case Fact::Kind::left:
        case Fact::Kind::invited:
        case Fact::Kind::uninvited:
        case Fact::Kind::unmuted:
            break;
    }
    return object.number("members", static_cast<int64_t>(fact.members)).end();
}

std::string_view event_name(Fact::Kind kind) {
    static constexpr std::string_view names[] = {
        "group.created",      "group.updated",        "group.deleted",    "group.member_joined",
        "group.member_left",  "group.member_kicked",  "group.invited",    "group.uninvited",
        "group.member_muted", "group.member_unmuted", "group.member_role"};
    return names[static_cast<size_t>(kind)];
}

std::string member_notice(const Fact& fact) {
    switch (fact.kind) {
        case Fact::Kind::updated:
            return frame("group_changed", fact);
        case Fact::Kind::deleted:
            return frame("group_removed", fact, "deleted");
        case Fact::Kind::joined:
            return frame("group_member_joined", fact);
        case Fact::Kind::left:
            return frame("group_member_left", fact);
        case Fact::Kind::kicked:
            return frame("group_member_kicked", fact);
        case Fact::Kind::muted:
            return frame("group_member_muted", fact);
        case Fact::Kind::unmuted:
            return frame("group_member_unmuted", fact);
        case Fact::Kind::role:
            return frame("group_member_role", fact);
        case Fact::Kind::created:
        case Fact::Kind::invited:
        case Fact::Kind::uninvited:
            break;
    }
    return {};
}

std::string user_notice(const Fact& fact) {
    switch (fact.kind) {
        case Fact::Kind::kicked:
            return frame("group_removed", fact, "kicked");
        case Fact::Kind::invited:
            return frame("group_invitation", fact);
        case Fact::Kind::uninvited:
            return fact.by == fact.user ? std::string() : frame("group_invitation_ended", fact);
        case Fact::Kind::muted:
        case Fact::Kind::unmuted:
        case Fact::Kind::role:
            return fact.told ? std::string() : member_notice(fact);
        default:
            return {};
    }
}

}  // namespace group
