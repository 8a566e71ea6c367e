// GroupPlugin: gw.groups/1, for other plugins (gateway/ext/groups.h).
#include <algorithm>

#include "../common/guarded.h"
#include "../common/json_read.h"
#include "../common/replies.h"
#include "group_plugin.h"

namespace group {
namespace {

constexpr uint32_t max_visits = 1000;

int32_t status_of(const Outcome& outcome) {
    if (!outcome.refused()) return GW_OK;
    if (outcome.code == "not_found") return GW_E_NOTFOUND;
    return outcome.code == "conflict" ? GW_E_STATE : GW_E_FAIL;
}

gw_groups_member shown(const Membership& member) {
    gw_groups_member one{};
    one.struct_size = sizeof one;
    one.role = static_cast<uint32_t>(member.role);
    one.group_id = gateway::to_gw(member.group->id);
    one.user_id = gateway::to_gw(member.user->id);
    one.joined_ms = member.joined_ms;
    one.muted_until_ms = member.muted_until_ms;
    one.online = member.user->online() ? 1 : 0;
    return one;
}

template <typename Map>
int64_t visit(const Map& map, std::string_view after, uint32_t limit, gw_groups_member_fn each, void* ud) {
    int64_t calls = 0;
    const auto first = after.empty() ? map.begin() : map.upper_bound(after);
    for (auto at = first; at != map.end() && calls < limit; ++at) {
        const gw_groups_member one = shown(*at->second);
        ++calls;
        if (each(ud, &one) != 0) break;
    }
    return calls;
}

// Whom the count goes to.
struct Broadcast {
    gw_published_fn done;
    void* ud;
};

}  // namespace

// The methods as functions of the service.
struct ServiceTable {
    static GroupPlugin& at(void* self) { return *static_cast<GroupPlugin*>(self); }

    static int32_t broadcast(void* self, gw_str group, gw_str message, gw_published_fn done, void* ud) {
        return services::guarded([&] { return at(self).broadcast(group, message, done, ud); });
    }
    static int32_t role_of(void* self, gw_str group, gw_str user) {
        return services::guarded([&] { return at(self).role_of_member(group, user); });
    }
    static int64_t members(void* self, gw_str group, gw_str after, uint32_t limit, gw_groups_member_fn each,
                           void* ud) {
        return services::guarded([&] { return at(self).visit_members(group, after, limit, each, ud); });
    }
    static int64_t groups(void* self, gw_str user, gw_str after, uint32_t limit, gw_groups_member_fn each,
                          void* ud) {
        return services::guarded([&] { return at(self).visit_groups(user, after, limit, each, ud); });
    }
    static int32_t create(void* self, gw_str group, const gw_groups_traits* traits, gw_groups_done_fn done,
                          void* ud) {
        return services::guarded([&] { return at(self).create(group, traits, done, ud); });
    }
    static int32_t remove(void* self, gw_str group, gw_groups_done_fn done, void* ud) {
        return services::guarded([&] { return at(self).remove(group, done, ud); });
    }
    static int32_t add_member(void* self, gw_str group, gw_str user, uint32_t role, gw_groups_done_fn done,
                              void* ud) {
        return services::guarded([&] { return at(self).add_member(group, user, role, done, ud); });
    }
    static int32_t remove_member(void* self, gw_str group, gw_str user, gw_groups_done_fn done, void* ud) {
        return services::guarded([&] { return at(self).remove_member(group, user, done, ud); });
    }
};

void GroupPlugin::offer() {
    using Table = ServiceTable;
    service_ = {{static_cast<uint32_t>(sizeof service_), 0, this},
                Table::broadcast,
                Table::role_of,
                Table::members,
                Table::groups,
                Table::create,
                Table::remove,
                Table::add_member,
                Table::remove_member};
    gateway::publish_service(host(), GW_GROUPS, &service_);
}

// --- looks ---

int32_t GroupPlugin::role_of_member(gw_str group_id, gw_str user_id) const {
    return groups_->look([&](const Model& model) {
        const Membership* const member =
            model.find_member(gateway::to_view(group_id), gateway::to_view(user_id));
        return member ? static_cast<int32_t>(member->role) : GW_E_NOTFOUND;
    });
}

int64_t GroupPlugin::visit_members(gw_str group_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                                   void* ud) const {
    if (!each || limit < 1 || limit > max_visits) return GW_E_ARG;
    return groups_->look([&](const Model& model) -> int64_t {
        const Group* const group = model.find(gateway::to_view(group_id));
        return group ? visit(group->members, gateway::to_view(after), limit, each, ud) : GW_E_NOTFOUND;
    });
}

int64_t GroupPlugin::visit_groups(gw_str user_id, gw_str after, uint32_t limit, gw_groups_member_fn each,
                                  void* ud) const {
    if (!each || limit < 1 || limit > max_visits) return GW_E_ARG;
    return groups_->look([&](const Model& model) -> int64_t {
        const User* const user = model.find_user(gateway::to_view(user_id));
        return user ? visit(user->groups, gateway::to_view(after), limit, each, ud) : 0;
    });
}

// --- messages ---

int32_t GroupPlugin::broadcast(gw_str group_id, gw_str message, gw_published_fn done, void* ud) {
    const std::string id(gateway::to_view(group_id));
    if (!groups_->look([&](const Model& model) { return model.find(id) != nullptr; })) return GW_E_NOTFOUND;
    std::string why;
    const std::string whole = replies::addressed(gateway::to_view(message), "group_id", id, &why);
    if (whole.empty()) return GW_E_ARG;
    groups_->publish(id, whole, [to = Broadcast{done, ud}](const gateway::Publication& sent) {
        if (to.done) to.done(to.ud, sent.delivered);
    });
    return GW_OK;
}

// --- changes ---

int32_t GroupPlugin::change(Change change, gw_groups_done_fn done, void* ud) {
    const auto tell = [done, ud](const Outcome& outcome) {
        if (done) done(ud, status_of(outcome), gateway::to_gw(outcome.why));
    };
    change.answer = [](const Model&) { return std::string(); };
    change.begin = [tell]() -> Ended { return tell; };
    const std::optional<Outcome> over = groups_->change(change);
    if (!over) return GW_OK;
    // Not inside the call: its user may hold a lock of its own.
    gateway::after(host(), std::chrono::milliseconds(GW_TIMER_MIN_MS),
                   [tell, outcome = *over] { tell(outcome); });
    return GW_OK;
}

int32_t GroupPlugin::create(gw_str group_id, const gw_groups_traits* traits, gw_groups_done_fn done,
                            void* ud) {
    const std::string id(gateway::to_view(group_id));
    if (!is_id(id) || !traits || traits->struct_size < sizeof *traits) return GW_E_ARG;
    const std::string owner(gateway::to_view(traits->owner));
    if (!owner.empty() && !is_id(owner)) return GW_E_ARG;
    Traits of;
    of.visibility = traits->by_invitation != 0 ? Visibility::invite : Visibility::open;
    if (const std::string_view metadata = gateway::to_view(traits->metadata); !metadata.empty()) {
        rapidjson::Document document;
        std::string why;
        const bool fits = metadata.size() <= groups_->settings().max_metadata_bytes;
        if (!fits || !json::parse_object(metadata, &document, &why)) return GW_E_ARG;
        of.metadata = metadata;
    }
    Change create;
    create.plan = [id, owner, of](const Model& model, int64_t now) {
        return model.create({}, id, of, owner, now);
    };
    return change(std::move(create), done, ud);
}

int32_t GroupPlugin::remove(gw_str group_id, gw_groups_done_fn done, void* ud) {
    Change erase;
    erase.plan = [id = std::string(gateway::to_view(group_id))](const Model& model, int64_t now) {
        return model.erase({}, id, now);
    };
    return change(std::move(erase), done, ud);
}

int32_t GroupPlugin::add_member(gw_str group_id, gw_str user_id, uint32_t role, gw_groups_done_fn done,
                                void* ud) {
    const std::string user(gateway::to_view(user_id));
    if (!is_id(user) || role > GW_GROUPS_OWNER) return GW_E_ARG;
    Change add;
    add.plan = [id = std::string(gateway::to_view(group_id)), user, role](const Model& model, int64_t now) {
        return model.put_member(id, user, static_cast<Role>(role), now);
    };
    return change(std::move(add), done, ud);
}

int32_t GroupPlugin::remove_member(gw_str group_id, gw_str user_id, gw_groups_done_fn done, void* ud) {
    Change kick;
    kick.plan = [id = std::string(gateway::to_view(group_id)), user = std::string(gateway::to_view(user_id))](
                    const Model& model, int64_t now) { return model.kick({}, id, user, {}, 0, now); };
    return change(std::move(kick), done, ud);
}

}  // namespace group
