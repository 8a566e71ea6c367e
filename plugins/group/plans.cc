// The changes of Model: what is refused, and what would happen.
#include <algorithm>

#include "model.h"

namespace group {
namespace {

constexpr const char* no_such_group = "there is no such group";
constexpr const char* no_such_member = "the user is not in the group";
constexpr size_t max_bars = 100'000;  // of one group

}  // namespace

Model::Target Model::target_of(const Actor& actor, const std::string& id, const std::string& user, Role least,
                               Plan* refused) const {
    const Group* const group = find(id);
    if (!group) {
        *refused = refuse("not_found", no_such_group);
        return {};
    }
    if (auto low = needs_rank(actor, *group, least)) {
        *refused = *std::move(low);
        return {};
    }
    const auto found = group->members.find(user);
    if (found != group->members.end()) return {group, found->second};
    *refused = refuse("not_found", no_such_member);
    return {};
}

std::optional<Plan> Model::needs_bar(const Group& group, const std::string& user) const {
    if (group.bars.size() < max_bars || group.bars.count(user) > 0) return std::nullopt;
    return refuse("conflict", "too many users are banned or muted in this group");
}

void Model::lower_owner(const Group& group, const Actor& actor, Plan* plan, int64_t now) const {
    if (!group.owner) return;
    Fact lowered = fact(Fact::Kind::role, group, actor, group.owner->user->id, now);
    lowered.role = Role::moderator;
    plan->facts.push_back(std::move(lowered));
}

Plan Model::create(const Actor& actor, const std::string& id, const Traits& traits, const std::string& owner,
                   int64_t now) const {
    if (!actor.is_api() && !settings_.clients_create)
        return refuse("forbidden", "groups are made by the back end alone (wsc.group.create is api)");
    if (find(id)) return refuse("conflict", "there is a group of this id already");
    if (auto full = needs_room(nullptr, owner)) return *full;
    Group made;
    made.id = id;
    Plan plan;
    Fact created = fact(Fact::Kind::created, made, actor, owner, now);
    created.visibility = traits.visibility.value_or(settings_.visibility);
    created.metadata = traits.metadata.value_or("{}");
    created.kept = actor.is_api();
    created.members = owner.empty() ? 0 : 1;
    plan.facts.push_back(std::move(created));
    if (owner.empty()) return plan;
    Fact joined = fact(Fact::Kind::joined, made, actor, owner, now);
    joined.role = Role::owner;
    joined.members = 1;
    joined.told = settings_.notice_limit > 0;
    plan.facts.push_back(std::move(joined));
    return plan;
}

Plan Model::join(const Actor& actor, const std::string& id, int64_t now) const {
    const Group* const group = find(id);
    if (!group) {
        if (!settings_.clients_create) return refuse("not_found", no_such_group);
        return create(actor, id, {}, actor.user, now);
    }
    if (acting(actor, *group)) return {};
    const bool invited = actor.granted || group->invited.count(actor.user) > 0;
    if (group->visibility == Visibility::invite && !invited)
        return refuse("forbidden", "this group is by invitation only");
    const auto bar = group->bars.find(actor.user);
    if (bar != group->bars.end() && bar->second.banned_until_ms > now && !invited)
        return refuse("forbidden", "you were taken out of this group and may not come back yet");
    if (auto full = needs_room(group, actor.user)) return *full;
    Plan plan;
    Fact joined = fact(Fact::Kind::joined, *group, {}, actor.user, now);
    joined.told = ++joined.members <= settings_.notice_limit;
    plan.facts.push_back(std::move(joined));
    return plan;
}

Plan Model::put_member(const std::string& id, const std::string& user, std::optional<Role> role,
                       int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    const Actor api;
    if (group->members.count(user) > 0) return role ? set_role(api, id, user, *role, now) : Plan();
    if (auto full = needs_room(group, user)) return *full;
    Plan plan;
    if (role == Role::owner) lower_owner(*group, api, &plan, now);
    Fact joined = fact(Fact::Kind::joined, *group, api, user, now);
    joined.role = role.value_or(Role::member);
    joined.told = ++joined.members <= settings_.notice_limit;
    plan.facts.push_back(std::move(joined));
    return plan;
}

// Who owns the group when its owner goes: the oldest moderator, else the oldest member. A group that was made
// by a join and has nobody left ends.
void Model::succeed(const Group& group, const Membership& leaver, Plan* plan, int64_t now) const {
    if (group.members.size() == 1) {
        if (group.kept) return;
        Fact deleted = fact(Fact::Kind::deleted, group, {}, {}, now);
        deleted.members = 0;
        plan->facts.push_back(std::move(deleted));
        return;
    }
    if (leaver.role != Role::owner) return;
    const Membership* next = nullptr;
    for (const auto& [id, member] : group.members) {
        if (member == &leaver) continue;
        const bool better = !next || member->role > next->role ||
                            (member->role == next->role && member->joined_ms < next->joined_ms);
        if (better) next = member;
    }
    Fact raised = fact(Fact::Kind::role, group, {}, next->user->id, now);
    raised.role = Role::owner;
    raised.members = group.members.size() - 1;
    plan->facts.push_back(std::move(raised));
}

Plan Model::leave(const Actor& actor, const std::string& id, int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    const Membership* const member = acting(actor, *group);
    if (!member) return refuse("not_found", "you are not in the group");
    Plan plan;
    Fact left = fact(Fact::Kind::left, *group, {}, actor.user, now);
    --left.members;
    plan.facts.push_back(std::move(left));
    succeed(*group, *member, &plan, now);
    return plan;
}

Plan Model::kick(const Actor& actor, const std::string& id, const std::string& user,
                 const std::string& reason, int64_t until_ms, int64_t now) const {
    Plan plan;
    const auto [group, member] = target_of(actor, id, user, Role::moderator, &plan);
    if (!member) return plan;
    if (actor.user == user) return refuse("conflict", "leave the group instead");
    if (auto refused = needs_higher(actor, *group, *member)) return *refused;
    if (until_ms > 0) {
        if (auto full = needs_bar(*group, user)) return *full;
    }
    Fact kicked = fact(Fact::Kind::kicked, *group, actor, user, now);
    kicked.reason = reason;
    kicked.until_ms = until_ms;
    --kicked.members;
    plan.facts.push_back(std::move(kicked));
    succeed(*group, *member, &plan, now);
    return plan;
}

Plan Model::invite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    if (auto refused = needs_rank(actor, *group, Role::moderator)) return *refused;
    if (group->members.count(user) > 0) return refuse("conflict", "the user is in the group already");
    if (group->invited.count(user) > 0) return {};
    if (group->invited.size() >= settings_.max_group_size)
        return refuse("conflict", "the group has as many invitations as it may have members");
    const User* const invited = find_user(user);
    if (invited && invited->invitations.size() >= settings_.max_groups_per_user)
        return refuse("conflict", "the user has too many invitations");
    Plan plan;
    plan.facts.push_back(fact(Fact::Kind::invited, *group, actor, user, now));
    return plan;
}

Plan Model::uninvite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    if (actor.user != user || actor.is_api()) {  // who is invited may decline
        if (auto refused = needs_rank(actor, *group, Role::moderator)) return *refused;
    }
    if (group->invited.count(user) == 0) return refuse("not_found", "the user is not invited");
    Plan plan;
    plan.facts.push_back(fact(Fact::Kind::uninvited, *group, actor, user, now));
    return plan;
}

Plan Model::mute(const Actor& actor, const std::string& id, const std::string& user, int64_t until_ms,
                 int64_t now) const {
    Plan plan;
    const auto [group, member] = target_of(actor, id, user, Role::moderator, &plan);
    if (!member) return plan;
    if (auto refused = needs_higher(actor, *group, *member)) return *refused;
    if (auto full = needs_bar(*group, user)) return *full;
    Fact muted = fact(Fact::Kind::muted, *group, actor, user, now);
    muted.until_ms = until_ms;
    plan.facts.push_back(std::move(muted));
    return plan;
}

Plan Model::unmute(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const {
    Plan plan;
    const auto [group, member] = target_of(actor, id, user, Role::moderator, &plan);
    if (!member) return plan;
    if (auto refused = needs_higher(actor, *group, *member)) return *refused;
    if (member->muted_until_ms == 0) return {};
    plan.facts.push_back(fact(Fact::Kind::unmuted, *group, actor, user, now));
    return plan;
}

Plan Model::set_role(const Actor& actor, const std::string& id, const std::string& user, Role role,
                     int64_t now) const {
    Plan plan;
    const auto [group, member] = target_of(actor, id, user, Role::owner, &plan);
    if (!member) return plan;
    if (member->role == role) return {};
    if (!actor.is_api() && actor.user == user)
        return refuse("conflict", "make somebody else the owner, or leave the group");
    if (role == Role::owner) lower_owner(*group, actor, &plan, now);
    Fact changed = fact(Fact::Kind::role, *group, actor, user, now);
    changed.role = role;
    plan.facts.push_back(std::move(changed));
    return plan;
}

Plan Model::update(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    const Role least = traits.visibility ? Role::owner : Role::moderator;
    if (auto refused = needs_rank(actor, *group, least)) return *refused;
    Fact updated = fact(Fact::Kind::updated, *group, actor, {}, now);
    updated.visibility = traits.visibility.value_or(group->visibility);
    updated.metadata = traits.metadata.value_or(group->metadata);
    Plan plan;
    const bool same = updated.visibility == group->visibility && updated.metadata == group->metadata;
    if (!same) plan.facts.push_back(std::move(updated));
    return plan;
}

Plan Model::erase(const Actor& actor, const std::string& id, int64_t now) const {
    const Group* const group = find(id);
    if (!group) return refuse("not_found", no_such_group);
    if (auto refused = needs_rank(actor, *group, Role::owner)) return *refused;
    Plan plan;
    Fact deleted = fact(Fact::Kind::deleted, *group, actor, {}, now);
    for (const auto& [user, member] : group->members)
        deleted.users.emplace_back(user);
    plan.facts.push_back(std::move(deleted));
    return plan;
}

}  // namespace group
