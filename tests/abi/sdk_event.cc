// Uses gateway/sdk/event.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class UsesEvent : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({});
        gateway::listen<&UsesEvent::on_ticket>(host(), this, "ticket.*");
    }
    void Start() override {
        if (gateway::wanted(host(), "crm.begins") && !gateway::emit(host(), "crm.begins", "{}"))
            host().warn("lost");
    }
    void on_ticket(const gateway::PluginEvent& event) {
        host().info(std::string(event.name) + std::string(event.json) + std::string(event.emitter));
        last_ = event.number + static_cast<uint64_t>(event.at_ms);
    }

   private:
    uint64_t last_ = 0;
};

}  // namespace

GATEWAY_PLUGIN(UsesEvent, "uses-event", "1.0.0", "service")
