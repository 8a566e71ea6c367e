// Uses gw.groups/1 as its messages say: {"type":"announce","do":"send","group":"g1","user":"u1"}. Answers
// with what came of it.
#include <string>

#include "gateway/plugin.hpp"
#include "gateway/sdk/groups.hpp"

namespace {

class Announces : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        if (request.field("type") != "announce") return gateway::Continue;
        const std::string what(request.field("do").value_or(""));
        const std::string group(request.field("group").value_or(""));
        const std::string user(request.field("user").value_or(""));
        const std::string client(connection.client().client_id);
        const auto say = [host = host(), client](const std::string& json) {
            host.publish(gateway::Destination::client(client), R"({"type":"announced",)" + json + "}");
        };
        const auto told = [say](const gateway::GroupResult& result) {
            say("\"status\":" + std::to_string(result.status));
        };
        try {
            if (what == "send") {
                groups_.BroadcastToGroup(group, R"({"type":"announcement"})", [say](uint64_t delivered) {
                    say("\"delivered\":" + std::to_string(delivered));
                });
            } else if (what == "create") {
                groups_.create(group, true, user, R"({"by":"announces"})", told);
            } else if (what == "add") {
                groups_.add_member(group, user, GW_GROUPS_MODERATOR, told);
            } else if (what == "take") {
                groups_.remove_member(group, user, told);
            } else if (what == "remove") {
                groups_.remove(group, told);
            } else {
                say(looked_at(group, user));
            }
        } catch (const gateway::Error& failure) {
            say("\"status\":" + std::to_string(failure.code()));
        }
        return gateway::Done;
    }

   private:
    std::string looked_at(const std::string& group, const std::string& user) const {
        const auto role = groups_.role_of(group, user);
        std::string members;
        groups_.for_each_member(group, {}, 100, [&](const gw_groups_member& member) {
            members += std::string(gateway::to_view(member.user_id)) + (member.online != 0 ? "+" : "-");
            return true;
        });
        std::string groups;
        groups_.for_each_group(user, {}, 100, [&](const gw_groups_member& member) {
            groups += std::string(gateway::to_view(member.group_id)) + " ";
            return true;
        });
        return "\"role\":" + (role ? std::to_string(*role) : "null") + R"(,"members":")" + members +
               R"(","groups":")" + groups + "\"";
    }

    gateway::Groups groups_{*this};
};

}  // namespace

GATEWAY_PLUGIN_WITH(Announces, "announces", "1.0.0", "message,events", "uses=gw.groups/1\n")
