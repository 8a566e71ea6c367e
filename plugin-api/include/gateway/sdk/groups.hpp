// Groups of users, as other plugins use them (gateway/ext/groups.h). Include it beside gateway/plugin.hpp:
//
//     class Announcer : public gateway::Interceptor {
//         static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
//         gateway::Groups groups_{*this};        // groups_.optional() in Configure: does without
//         // in a hook: groups_.BroadcastToGroup("team-1", R"({"type":"news","content":"hello"})");
//     };
//     GATEWAY_PLUGIN_WITH(Announcer, "announcer", "1.0.0", "message,events", "uses=gw.groups/1\n")
//
// [any] From Start on. Functions that are handed in run once, on any thread, and must not wait; what they
// throw goes nowhere.
#ifndef GATEWAY_SDK_GROUPS_HPP
#define GATEWAY_SDK_GROUPS_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/ext/groups.h"
#include "gateway/sdk/host.hpp"
#include "gateway/sdk/service.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// What became of a change. status: GW_OK, GW_E_NOTFOUND, GW_E_STATE: a conflict, GW_E_FAIL.
using GroupResult = ServiceResult;

class Groups {
   public:
    using Then = ServiceThen;

    explicit Groups(detail::UsedServices& owner) : service_(owner, GW_GROUPS) {}

    // [control] In Configure: the plugin does without when `group` is not loaded.
    void optional() { service_.optional(); }
    bool available() const { return service_.get() != nullptr; }

    // A Hub message to every connection of every member; `delivered` gets how many queues took it.
    // Throws Error: no such group (GW_E_NOTFOUND), no Hub message, no `group` (GW_E_STATE).
    void BroadcastToGroup(std::string_view group_id, std::string_view message,
                          std::function<void(uint64_t)> delivered = nullptr) const {
        const auto table = needed();
        auto call = std::make_unique<std::function<void(uint64_t)>>(std::move(delivered));
        const bool wants = static_cast<bool>(*call);
        check(table->broadcast(table->head.self, to_gw(group_id), to_gw(message),
                               wants ? &Groups::call_delivered : nullptr, call.get()),
              "BroadcastToGroup", group_id);
        if (wants) static_cast<void>(call.release());  // call_delivered() frees it
    }

    // GW_GROUPS_; nothing: no member.
    std::optional<uint32_t> role_of(std::string_view group_id, std::string_view user_id) const {
        const auto table = needed();
        const int32_t role = table->role_of(table->head.self, to_gw(group_id), to_gw(user_id));
        if (role == GW_E_NOTFOUND) return std::nullopt;
        return static_cast<uint32_t>(check(role, "role_of", group_id));
    }
    // Calls each(const gw_groups_member&) -> bool for the members after this user id, until it returns false.
    // It may not call the service. The number of calls.
    template <typename Each>
    int64_t for_each_member(std::string_view group_id, std::string_view after, uint32_t limit,
                            Each each) const {
        const auto table = needed();
        const int64_t count = table->members(table->head.self, to_gw(group_id), to_gw(after), limit,
                                             &detail::call_each<Each, gw_groups_member>, &each);
        if (count < 0) check(static_cast<int32_t>(count), "members", group_id);
        return count;
    }
    // The same for the groups of a user, after this group id.
    template <typename Each>
    int64_t for_each_group(std::string_view user_id, std::string_view after, uint32_t limit,
                           Each each) const {
        const auto table = needed();
        const int64_t count = table->groups(table->head.self, to_gw(user_id), to_gw(after), limit,
                                            &detail::call_each<Each, gw_groups_member>, &each);
        if (count < 0) check(static_cast<int32_t>(count), "groups", user_id);
        return count;
    }

    // Changes: `then` comes when it is durable, or was refused. owner and metadata may be empty.
    void create(std::string_view group_id, bool by_invitation, std::string_view owner,
                std::string_view metadata, Then then) const {
        gw_groups_traits traits{};
        traits.struct_size = static_cast<uint32_t>(sizeof(traits));
        traits.by_invitation = by_invitation ? 1 : 0;
        traits.owner = to_gw(owner);
        traits.metadata = to_gw(metadata);
        submit(std::move(then), "create", group_id, [&](const gw_groups_v1& table, void* ud) {
            return table.create(table.head.self, to_gw(group_id), &traits, detail::call_then, ud);
        });
    }
    void remove(std::string_view group_id, Then then) const {
        submit(std::move(then), "remove", group_id, [&](const gw_groups_v1& table, void* ud) {
            return table.remove(table.head.self, to_gw(group_id), detail::call_then, ud);
        });
    }
    void add_member(std::string_view group_id, std::string_view user_id, uint32_t role, Then then) const {
        submit(std::move(then), "add_member", group_id, [&](const gw_groups_v1& table, void* ud) {
            return table.add_member(table.head.self, to_gw(group_id), to_gw(user_id), role, detail::call_then,
                                    ud);
        });
    }
    void remove_member(std::string_view group_id, std::string_view user_id, Then then) const {
        submit(std::move(then), "remove_member", group_id, [&](const gw_groups_v1& table, void* ud) {
            return table.remove_member(table.head.self, to_gw(group_id), to_gw(user_id), detail::call_then,
                                       ud);
        });
    }

   private:
    std::shared_ptr<const gw_groups_v1> needed() const {
        auto table = service_.get();
        if (!table) throw Error("no loaded plugin offers " GW_GROUPS, GW_E_STATE);
        return table;
    }
    template <typename Call>
    void submit(Then then, const char* function, std::string_view about, Call call) const {
        const auto table = needed();
        detail::submit_to_service(std::move(then), function, about,
                                  [&](void* ud) { return call(*table, ud); });
    }
    static void call_delivered(void* ud, uint64_t count) {
        const std::unique_ptr<std::function<void(uint64_t)>> then(
            static_cast<std::function<void(uint64_t)>*>(ud));
        detail::quietly([&] { (*then)(count); });
    }

    Service<gw_groups_v1> service_;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
