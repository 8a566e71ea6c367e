// The words of groups: roles, visibility, and what can happen to a group (Fact). Values: any thread.
#ifndef GATEWAYD_PLUGINS_GROUP_TYPES_H
#define GATEWAYD_PLUGINS_GROUP_TYPES_H

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../common/ids.h"

namespace group {

inline constexpr int64_t max_seconds = 315'360'000;                       // of a mute, a ban: ten years
inline constexpr int64_t for_ever = std::numeric_limits<int64_t>::max();  // of a time: it never ends

enum class Role : uint8_t { member, moderator, owner };
enum class Visibility : uint8_t { open, invite };  // `public`, `invite`

inline constexpr std::array<std::string_view, 3> role_words = {"member", "moderator", "owner"};
inline std::string_view word_of(Role role) {
    return role_words[static_cast<size_t>(role)];
}
inline std::optional<Role> role_of(std::string_view word) {
    for (size_t i = 0; i < 3; ++i) {
        if (word == role_words[i]) return static_cast<Role>(i);
    }
    return std::nullopt;
}
inline std::string_view word_of(Visibility visibility) {
    return visibility == Visibility::open ? "public" : "invite";
}
inline std::optional<Visibility> visibility_of(std::string_view word) {
    if (word == "public") return Visibility::open;
    if (word == "invite") return Visibility::invite;
    return std::nullopt;
}

using ids::is_id;

// One thing that happened to a group. The model makes it (plan), the store keeps it, the model takes it
// (apply), members and other plugins are told it.
struct Fact {
    enum class Kind : uint8_t {
        created,    // visibility, kept, metadata
        updated,    // visibility, metadata
        deleted,    // users: who was in it
        joined,     // user, role
        left,       // user
        kicked,     // user, until_ms: not let in before; 0: at once
        invited,    // user
        uninvited,  // user
        muted,      // user, until_ms
        unmuted,    // user
        role,       // user, role
    };
    Kind kind = Kind::created;
    std::string group;
    std::string user;
    std::string by;      // who did it: a user, empty: the API, another plugin, or the rules
    std::string reason;  // of a kick
    Role role = Role::member;
    Visibility visibility = Visibility::open;
    bool kept = false;  // made by the API: stays when it is empty
    int64_t at_ms = 0;
    int64_t until_ms = 0;
    std::string metadata;  // a JSON object
    std::vector<std::string> users;
    uint64_t members = 0;  // after it
    bool told = true;      // to the members, as a notice
    uint64_t change = 0;   // the change that it is part of
};

}  // namespace group

#endif
