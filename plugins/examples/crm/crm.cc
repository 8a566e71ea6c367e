// Offers the service acme.crm/1 to other plugins: customers' names, out of its configuration.
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
    }

   private:
    int32_t display_name(gw_str user_id, char* out, uint64_t size, uint64_t* length) const {
        const auto found = names_.find(gateway::to_view(user_id));
        if (found == names_.end()) return GW_E_NOTFOUND;
        const std::string& name = found->second;
        *length = name.size();
        if (name.size() > size) return GW_E_LIMIT;
        std::memcpy(out, name.data(), name.size());
        return GW_OK;
    }

    std::map<std::string, std::string, std::less<>> names_;  // by user_id; constant once configured
    const acme_crm_v1 service_{{sizeof(acme_crm_v1), 0, this}, gateway::service_function<&Crm::display_name>};
};

GATEWAY_PLUGIN_WITH(Crm, "crm", "1.0.0", "service", "offers=" ACME_CRM_SERVICE "\n")
