// Offers the service acme.crm/1 to other plugins: customers' names, out of its configuration. Operators may
// ask for them too, on the admin listener, and see in /metrics how often somebody was asked for.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "crm_service.h"
#include "gateway/plugin.hpp"

class Crm : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"customers"});
        const gateway::Config customers = config.get("customers");
        if (!customers.is_map()) customers.fail("must be a map of user ids and names");
        for (uint64_t i = 0; i < customers.size(); ++i) {
            const std::string id = customers.key_at(i);
            names_.emplace(id, customers.get(id).required_string());
        }
        gateway::publish_service(host(), ACME_CRM_SERVICE, &service_);
        gateway::admin_route<&Crm::get_customer>(host(), this, "GET", "/customers/{user_id}");
        const auto lookups =
            gateway::counters(host(), "lookups_total", "Names that other plugins asked for.", {"result"});
        found_ = lookups.with({"found"});
        unknown_ = lookups.with({"unknown"});
    }

    // GET /api/v1/plugins/crm/customers/u1
    void get_customer(const gateway::AdminRequest& request) {
        const auto found = names_.find(request.parameter("user_id"));
        if (found == names_.end()) {
            request.answer(404, R"({"error":{"code":"not_found","message":"no such customer"}})");
        } else {
            request.answer(200, R"({"name":)" + quoted(found->second) + "}");
        }
    }

   private:
    int32_t display_name(gw_str user_id, char* out, uint64_t size, uint64_t* length) const {
        const auto found = names_.find(gateway::to_view(user_id));
        (found == names_.end() ? unknown_ : found_).add();
        if (found == names_.end()) return GW_E_NOTFOUND;
        const std::string& name = found->second;
        *length = name.size();
        if (name.size() > size) return GW_E_LIMIT;
        std::memcpy(out, name.data(), name.size());
        return GW_OK;
    }

    static std::string quoted(const std::string& text) {
        std::string json = "\"";
        for (const char c : text) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
            const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
            json += plain ? std::string(1, c) : std::string(escape);
        }
        return json + "\"";
    }

    std::map<std::string, std::string, std::less<>> names_;  // by user_id; constant once configured
    gateway::Counter found_;
    gateway::Counter unknown_;
    const acme_crm_v1 service_{{sizeof(acme_crm_v1), 0, this}, gateway::service_function<&Crm::display_name>};
};

GATEWAY_PLUGIN_WITH(Crm, "crm", "1.0.0", "service", "offers=" ACME_CRM_SERVICE "\n")
