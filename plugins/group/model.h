// Model: who is in which group, in memory, and the rules. A change is planned (plan functions: nothing is
// touched, the answer is a refusal or the facts), submitted to the store, and then applied; so what the store
// does not take has not happened. What it takes and then fails on is undone by loading everything anew.
//
// No lock: its owner (Groups) has one. No clock: times are handed in, milliseconds since 1970. Limits: those
// of Settings.
#ifndef GATEWAYD_PLUGINS_GROUP_MODEL_H
#define GATEWAYD_PLUGINS_GROUP_MODEL_H

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/plugin.h"
#include "settings.h"
#include "types.h"

namespace group {

struct Group;
struct User;

struct Membership {
    Group* group = nullptr;
    User* user = nullptr;
    Role role = Role::member;
    int64_t joined_ms = 0;
    int64_t muted_until_ms = 0;
    uint64_t change = 0;     // that made it
    bool confirmed = false;  // it is durable: messages go to this member, and come from it
};

// What is held against a user in a group, member or not.
struct Bar {
    int64_t muted_until_ms = 0;
    int64_t banned_until_ms = 0;
};
struct Invitation {
    std::string by;
    int64_t at_ms = 0;
};

struct Group {
    std::string id;
    Visibility visibility = Visibility::open;
    bool kept = false;
    int64_t created_ms = 0;
    std::string metadata = "{}";
    std::map<std::string_view, Membership*> members;  // by user id
    std::set<std::string_view> online;                // members with a connection
    const Membership* owner = nullptr;                // among them; null: none
    std::map<std::string, Invitation> invited;        // by user id
    std::map<std::string, Bar> bars;                  // by user id
};

// Somebody with a connection, a membership or an invitation.
struct User {
    std::string id;
    std::map<std::string_view, std::unique_ptr<Membership>> groups;  // by group id
    std::map<std::string, Group*> invitations;                       // by group id
    std::vector<gw_conn_id> connections;
    double changes = 0;  // that it may make now
    int64_t changes_ms = 0;

    bool online() const { return !connections.empty(); }
    bool is_nobody() const { return groups.empty() && invitations.empty() && connections.empty(); }
    Membership* in(std::string_view group_id) {
        const auto found = groups.find(group_id);
        return found == groups.end() ? nullptr : found->second.get();
    }
};

// Who wants a change. Empty user: the API or a plugin, which may everything.
struct Actor {
    std::string user;
    bool granted = false;  // a token names the group: no invitation is needed
    bool is_api() const { return user.empty(); }
};

struct Plan {
    std::string_view code;  // of a refusal: "conflict"; empty: fine
    std::string why;
    std::vector<Fact> facts;  // none: it is so already
    bool refused() const { return !code.empty(); }
};

// What create and update say of a group; nothing: not said.
struct Traits {
    std::optional<Visibility> visibility;
    std::optional<std::string> metadata;
};

class Model {
   public:
    explicit Model(const Settings& settings) : settings_(settings) {}

    // --- changes: plan, then apply each fact ---
    Plan create(const Actor& actor, const std::string& id, const Traits& traits, const std::string& owner,
                int64_t now) const;
    Plan join(const Actor& actor, const std::string& id, int64_t now) const;
    // By the API: whatever the visibility; another role when the user is in it.
    Plan put_member(const std::string& id, const std::string& user, std::optional<Role> role,
                    int64_t now) const;
    Plan leave(const Actor& actor, const std::string& id, int64_t now) const;
    // until_ms: not let in before; 0: it may come again at once.
    Plan kick(const Actor& actor, const std::string& id, const std::string& user, const std::string& reason,
              int64_t until_ms, int64_t now) const;
    Plan invite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const;
    Plan uninvite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const;
    Plan mute(const Actor& actor, const std::string& id, const std::string& user, int64_t until_ms,
              int64_t now) const;
    Plan unmute(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const;
    Plan set_role(const Actor& actor, const std::string& id, const std::string& user, Role role,
                  int64_t now) const;
    Plan update(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const;
    Plan erase(const Actor& actor, const std::string& id, int64_t now) const;

    // False: the user makes too many changes; *wait_ms says when the next one is fine.
    bool take_change(User& user, int64_t now, int64_t* wait_ms) const;

    void apply(const Fact& fact);
    // A change is durable: the member that it made, if it still is one, counts from here on.
    void confirm(const Fact& fact);

    // --- look-ups ---
    const Group* find(std::string_view id) const;
    User* find_user(std::string_view id) const;
    Membership* find_member(std::string_view id, std::string_view user) const;
    const std::map<std::string_view, std::unique_ptr<Group>>& groups() const { return groups_; }
    const std::unordered_map<std::string_view, std::unique_ptr<User>>& users() const { return users_; }
    size_t memberships() const { return memberships_; }

    // --- users and their connections ---
    User& user(std::string_view id);  // made when there is none
    void enter(User& user, gw_conn_id connection);
    void leave(User& user, gw_conn_id connection);  // who is nobody then is forgotten
    void forget_if_nobody(User& user);

    // --- what the store has ---
    void clear_groups();  // users with connections stay
    // False: it belongs to a group that is not there.
    bool load_group(std::unique_ptr<Group> group);
    bool load_member(std::string_view id, std::string_view user, Role role, int64_t joined_ms);
    bool load_invitation(std::string_view id, std::string_view user, Invitation invitation);
    bool load_bar(std::string_view id, std::string_view user, Bar bar);

   private:
    Plan refuse(std::string_view code, std::string why) const;
    const Membership* acting(const Actor& actor, const Group& group) const;
    // Nothing: the actor may act on this member.
    std::optional<Plan> needs_rank(const Actor& actor, const Group& group, Role least) const;
    std::optional<Plan> needs_higher(const Actor& actor, const Group& group, const Membership& target) const;
    std::optional<Plan> needs_room(const Group* group, std::string_view user) const;
    // The member that `actor`, of this role at least, wants to change; else member is null, *refused says
    // why.
    struct Target {
        const Group* group = nullptr;
        const Membership* member = nullptr;
    };
    Target target_of(const Actor& actor, const std::string& id, const std::string& user, Role least,
                     Plan* refused) const;
    std::optional<Plan> needs_bar(const Group& group, const std::string& user) const;
    Fact fact(Fact::Kind kind, const Group& group, const Actor& actor, std::string_view user,
              int64_t now) const;
    // Before another is made the owner.
    void lower_owner(const Group& group, const Actor& actor, Plan* plan, int64_t now) const;
    void succeed(const Group& group, const Membership& leaver, Plan* plan, int64_t now) const;

    Group* group_of(std::string_view id);
    void add_member(Group& group, User& user, Role role, int64_t joined_ms, uint64_t change, bool confirmed);
    static void set_role(Membership& member, Role role);
    void remove_member(Group& group, std::string_view user);
    void drop_invitation(Group& group, const std::string& user);
    void drop_group(const std::string& id);

    const Settings& settings_;
    std::map<std::string_view, std::unique_ptr<Group>> groups_;          // by id, for pages
    std::unordered_map<std::string_view, std::unique_ptr<User>> users_;  // by id
    size_t memberships_ = 0;
};

}  // namespace group

#endif
