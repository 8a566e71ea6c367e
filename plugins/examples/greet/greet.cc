// Uses the service acme.crm/1: each message that says who it is from also says that customer's name.
#include <array>
#include <string_view>

#include "crm_service.h"
#include "gateway/plugin.hpp"

class Greet : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;  // the member below follows it

    void Configure(const gateway::Config& config) override {
        config.allow_only({"needs_crm"});
        if (!config.get("needs_crm").bool_or(true)) crm_.optional();
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        // Held for this call: a crm that is swapped meanwhile stays until it is let go.
        const auto crm = crm_.get();
        if (!crm) return gateway::Continue;
        std::array<char, 256> name;
        uint64_t length = 0;
        const gw_str user = gateway::to_gw(connection.client().user_id);
        if (crm->display_name(crm->head.self, user, name.data(), name.size(), &length) == GW_OK) {
            request.set_field("from_name", std::string_view(name.data(), length));
        }
        return gateway::Continue;
    }

   private:
    gateway::Service<acme_crm_v1> crm_{*this, ACME_CRM_SERVICE};
};

GATEWAY_PLUGIN_WITH(Greet, "greet", "1.0.0", "message,events", "uses=" ACME_CRM_SERVICE "\n")
