// The services part of the C++ SDK, each template of it once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

struct acme_crm_v1 {
    gw_service_head head;
    int32_t (*display_name)(void* self, gw_str user_id, char* out, uint64_t size);
    int32_t (*size)(void* self);
};

class Provider : public gateway::Interceptor {
   public:
    void Start() override {
        table_ = {{sizeof(table_), 0, this},
                  gateway::service_function<&Provider::display_name>,
                  gateway::service_function<&Provider::size>};
        gateway::publish_service(host(), "acme.crm/1", &table_);
        if (const auto other = other_.get()) other->size(other->head.self);
    }
    void Configure(const gateway::Config&) override { other_.optional(); }

   private:
    int32_t display_name(gw_str, char*, uint64_t) { return GW_E_NOTFOUND; }
    int32_t size() const { return 0; }
    acme_crm_v1 table_{};
    gateway::Service<acme_crm_v1> other_{*this, "acme.crm/2"};
};

}  // namespace

GATEWAY_PLUGIN_WITH(Provider, "provider", "1.0.0", "service", "offers=acme.crm/1\nuses=acme.crm/2\n")
