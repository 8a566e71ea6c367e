#include "model.h"

#include <algorithm>

namespace group {

// --- rules that changes share ---

Plan Model::refuse(std::string_view code, std::string why) const {
    Plan plan;
    plan.code = code;
    plan.why = std::move(why);
    return plan;
}

// Null: no member of it, or the API.
const Membership* Model::acting(const Actor& actor, const Group& group) const {
    const auto found = group.members.find(actor.user);
    return found == group.members.end() ? nullptr : found->second;
}

std::optional<Plan> Model::needs_rank(const Actor& actor, const Group& group, Role least) const {
    if (actor.is_api()) return std::nullopt;
    const Membership* own = acting(actor, group);
    if (own == nullptr) return refuse("forbidden", "you are not in the group");
    if (own->role >= least) return std::nullopt;
    return refuse("forbidden", least == Role::owner ? "only the owner may do this"
                                                    : "only the owner and moderators may do this");
}

std::optional<Plan> Model::needs_higher(const Actor& actor, const Group& group,
                                        const Membership& target) const {
    if (auto refused = needs_rank(actor, group, Role::moderator)) return refused;
    if (actor.is_api() || acting(actor, group)->role > target.role) return std::nullopt;
    return refuse("forbidden", "the user's role is not below yours");
}

// For one more member; group null: one that is to be made.
std::optional<Plan> Model::needs_room(const Group* group, std::string_view user) const {
    if (group && group->members.size() >= settings_.max_group_size) {
        return refuse("conflict", "the group is full: it has " + std::to_string(group->members.size()) +
                                      " members (max_group_size)");
    }
    const User* found = find_user(user);
    if (found && found->groups.size() >= settings_.max_groups_per_user) {
        return refuse("conflict", "the user is in " + std::to_string(found->groups.size()) +
                                      " groups (max_groups_per_user)");
    }
    if (!group && groups_.size() >= settings_.max_groups) {
        return refuse("conflict", "there are " + std::to_string(groups_.size()) + " groups (max_groups)");
    }
    return std::nullopt;
}

Fact Model::fact(Fact::Kind kind, const Group& group, const Actor& actor, std::string_view user,
                 int64_t now) const {
    Fact fact;
    fact.kind = kind;
    fact.group = group.id;
    fact.user = user;
    fact.by = actor.user;
    fact.at_ms = now;
    fact.members = group.members.size();
    fact.told = fact.members <= settings_.notice_limit;
    return fact;
}

bool Model::take_change(User& user, int64_t now, int64_t* wait_ms) const {
    if (settings_.changes_per_minute == 0) return true;
    const double rate = settings_.changes_per_minute / 60'000.0;  // a millisecond
    const auto most = static_cast<double>(settings_.changes_per_minute);
    const auto gone = static_cast<double>(std::max<int64_t>(0, now - user.changes_ms));
    user.changes = user.changes_ms == 0 ? most : std::min(most, user.changes + gone * rate);
    user.changes_ms = now;
    if (user.changes >= 1) {
        user.changes -= 1;
        return true;
    }
    *wait_ms = static_cast<int64_t>((1 - user.changes) / rate) + 1;
    return false;
}

// --- look-ups ---

const Group* Model::find(std::string_view id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : found->second.get();
}

Group* Model::group_of(std::string_view id) {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : found->second.get();
}

User* Model::find_user(std::string_view id) const {
    const auto found = users_.find(id);
    return found == users_.end() ? nullptr : found->second.get();
}

Membership* Model::find_member(std::string_view id, std::string_view user) const {
    User* const found = find_user(user);
    return found ? found->in(id) : nullptr;
}

User& Model::user(std::string_view id) {
    if (User* found = find_user(id)) return *found;
    auto made = std::make_unique<User>();
    made->id = id;
    User& user = *made;
    users_.emplace(user.id, std::move(made));
    return user;
}

void Model::enter(User& user, gw_conn_id connection) {
    if (!user.online()) {
        for (const auto& [id, member] : user.groups)
            member->group->online.insert(user.id);
    }
    user.connections.push_back(connection);
}

void Model::leave(User& user, gw_conn_id connection) {
    auto& connections = user.connections;
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [&](gw_conn_id one) { return one.generation == connection.generation; }),
                      connections.end());
    if (!user.online()) {
        for (const auto& [id, member] : user.groups)
            member->group->online.erase(user.id);
    }
    forget_if_nobody(user);
}

void Model::forget_if_nobody(User& user) {
    if (!user.is_nobody()) return;
    const auto found = users_.find(user.id);
    const std::unique_ptr<User> kept = std::move(found->second);  // the key is its text
    users_.erase(found);
}

// --- applying ---

void Model::add_member(Group& group, User& user, Role role, int64_t joined_ms, uint64_t change,
                       bool confirmed) {
    auto made = std::make_unique<Membership>();
    made->group = &group;
    made->user = &user;
    set_role(*made, role);
    made->joined_ms = joined_ms;
    made->change = change;
    made->confirmed = confirmed;
    if (const auto bar = group.bars.find(user.id); bar != group.bars.end())
        made->muted_until_ms = bar->second.muted_until_ms;
    group.members.emplace(user.id, made.get());
    if (user.online()) group.online.insert(user.id);
    user.groups.emplace(group.id, std::move(made));
    ++memberships_;
}

void Model::set_role(Membership& member, Role role) {
    Group& group = *member.group;
    if (group.owner == &member) group.owner = nullptr;
    if (role == Role::owner) group.owner = &member;
    member.role = role;
}

void Model::remove_member(Group& group, std::string_view user_id) {
    User* const user = find_user(user_id);
    Membership* const member = user ? user->in(group.id) : nullptr;
    if (!member) return;
    if (group.owner == member) group.owner = nullptr;
    group.online.erase(user->id);
    group.members.erase(user->id);
    user->groups.erase(group.id);
    --memberships_;
    forget_if_nobody(*user);
}

void Model::drop_invitation(Group& group, const std::string& user_id) {
    group.invited.erase(user_id);
    User* const user = find_user(user_id);
    if (!user) return;
    user->invitations.erase(group.id);
    forget_if_nobody(*user);
}

void Model::drop_group(const std::string& id) {
    Group* const group = group_of(id);
    if (!group) return;
    while (!group->members.empty())
        remove_member(*group, std::string(group->members.begin()->first));
    while (!group->invited.empty())
        drop_invitation(*group, std::string(group->invited.begin()->first));
    const auto found = groups_.find(id);
    const std::unique_ptr<Group> kept = std::move(found->second);  // the key is its text
    groups_.erase(found);
}

void Model::apply(const Fact& fact) {
    if (fact.kind == Fact::Kind::created) {
        auto made = std::make_unique<Group>();
        made->id = fact.group;
        made->visibility = fact.visibility;
        made->kept = fact.kept;
        made->created_ms = fact.at_ms;
        made->metadata = fact.metadata;
        load_group(std::move(made));
        return;
    }
    if (fact.kind == Fact::Kind::deleted) return drop_group(fact.group);
    Group& group = *group_of(fact.group);
    Membership* const member = find_member(fact.group, fact.user);
    switch (fact.kind) {
        case Fact::Kind::updated:
            group.visibility = fact.visibility;
            group.metadata = fact.metadata;
            break;
        case Fact::Kind::joined:
            drop_invitation(group, fact.user);
            if (const auto bar = group.bars.find(fact.user); bar != group.bars.end())
                bar->second.banned_until_ms = 0;
            add_member(group, user(fact.user), fact.role, fact.at_ms, fact.change, false);
            break;
        case Fact::Kind::kicked:
            if (fact.until_ms > 0) group.bars[fact.user].banned_until_ms = fact.until_ms;
            remove_member(group, fact.user);
            break;
        case Fact::Kind::left:
            remove_member(group, fact.user);
            break;
        case Fact::Kind::invited:
            if (const auto bar = group.bars.find(fact.user); bar != group.bars.end())
                bar->second.banned_until_ms = 0;
            load_invitation(fact.group, fact.user, {fact.by, fact.at_ms});
            break;
        case Fact::Kind::uninvited:
            drop_invitation(group, fact.user);
            break;
        case Fact::Kind::muted:
        case Fact::Kind::unmuted:
            group.bars[fact.user].muted_until_ms = fact.until_ms;
            if (member) member->muted_until_ms = fact.until_ms;
            break;
        case Fact::Kind::role:
            if (member) set_role(*member, fact.role);
            break;
        case Fact::Kind::created:
        case Fact::Kind::deleted:
            break;
    }
}

void Model::confirm(const Fact& fact) {
    if (fact.kind != Fact::Kind::joined) return;
    Membership* const member = find_member(fact.group, fact.user);
    if (member && member->change == fact.change) member->confirmed = true;
}

// --- what the store has ---

void Model::clear_groups() {
    while (!groups_.empty())
        drop_group(std::string(groups_.begin()->first));
}

bool Model::load_group(std::unique_ptr<Group> group) {
    const std::string_view id = group->id;
    return groups_.emplace(id, std::move(group)).second;
}

bool Model::load_member(std::string_view id, std::string_view user_id, Role role, int64_t joined_ms) {
    Group* const group = group_of(id);
    if (!group || find_member(id, user_id)) return false;
    add_member(*group, user(user_id), role, joined_ms, 0, true);
    return true;
}

bool Model::load_invitation(std::string_view id, std::string_view user_id, Invitation invitation) {
    Group* const group = group_of(id);
    if (!group) return false;
    group->invited.insert_or_assign(std::string(user_id), std::move(invitation));
    user(user_id).invitations.insert_or_assign(std::string(id), group);
    return true;
}

bool Model::load_bar(std::string_view id, std::string_view user_id, Bar bar) {
    Group* const group = group_of(id);
    if (!group) return false;
    group->bars.insert_or_assign(std::string(user_id), bar);
    if (Membership* member = find_member(id, user_id)) member->muted_until_ms = bar.muted_until_ms;
    return true;
}

}  // namespace group
