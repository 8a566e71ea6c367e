// Stands for an auth plugin that grants and denies, and has a rule of its own for one type of message.
#include <string>

#include "gateway/plugin.hpp"

namespace {

class Permits : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_AUTH;

    void Configure(const gateway::Config& config) override {
        config.allow_only({});
        upload_ = gateway::Permission::define(host(), "permits.upload", "upload files", {"agent"});
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        if (request.kind() == GW_KIND_HANDSHAKE) {
            decide(request.query("grant"), connection, &gateway::Permission::grant);
            decide(request.query("deny"), connection, &gateway::Permission::deny);
            return gateway::Continue;
        }
        const auto type = request.field("type");
        if (type == "upload") {
            if (!upload_.allows(connection)) return upload_.refuse(request, connection);
            request.answer(R"({"type":"uploaded"})");
            return gateway::Done;
        }
        if (type == "agents_may") {
            request.answer(upload_.allows_type("agent") ? R"({"type":"yes"})" : R"({"type":"no"})");
            return gateway::Done;
        }
        return gateway::Continue;
    }

   private:
    using Decide = void (gateway::Permission::*)(const gateway::Connection&) const;

    void decide(std::optional<std::string_view> rule, gateway::Connection& connection, Decide decide) {
        if (!rule) return;
        const auto found = gateway::Permission::find(host(), *rule);
        if (!found) throw gateway::Error("no such rule: " + std::string(*rule));
        ((*found).*decide)(connection);
    }

    gateway::Permission upload_;
};

}  // namespace

GATEWAY_PLUGIN(Permits, "permits", "1.0.0", "handshake,message")
