// Uses every function of gateway/sdk/groups.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"
#include "gateway/sdk/groups.hpp"

namespace {

class UsesGroups : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
    void Configure(const gateway::Config&) override { groups_.optional(); }
    void Start() override {
        if (!groups_.available()) return;
        const auto told = [this](const gateway::GroupResult& result) {
            if (!result.ok()) host().warn(result.message);
        };
        const auto each = [](const gw_groups_member& member) { return member.role != GW_GROUPS_OWNER; };
        groups_.create("g", true, "u", "{}", told);
        groups_.add_member("g", "u", GW_GROUPS_MODERATOR, told);
        groups_.BroadcastToGroup("g", "{}");
        groups_.BroadcastToGroup("g", "{}", [this](uint64_t count) { host().info(std::to_string(count)); });
        if (groups_.role_of("g", "u") == GW_GROUPS_MEMBER) groups_.remove_member("g", "u", told);
        groups_.for_each_member("g", {}, 10, each);
        groups_.for_each_group("u", {}, 10, each);
        groups_.remove("g", told);
    }

   private:
    gateway::Groups groups_{*this};
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesGroups, "uses-groups", "1.0.0", "service,events", "uses=gw.groups/1\n")
