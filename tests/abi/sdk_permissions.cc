// Uses every function of gateway/sdk/permissions.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class UsesPermissions : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config&) override {
        own_ = gateway::Permission::define(host(), "uses.all", "use all", {"agent", "*"});
        if (const auto found = gateway::Permission::find(host(), "broadcast")) own_ = *found;
    }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        own_.grant(connection);
        own_.deny(connection);
        own_.reset(connection);
        if (own_.allows(connection) && own_.allows_type("agent")) return gateway::Continue;
        return own_.refuse(request, connection);
    }

   private:
    gateway::Permission own_;
};

}  // namespace

GATEWAY_PLUGIN(UsesPermissions, "uses-permissions", "1.0.0", "message")
