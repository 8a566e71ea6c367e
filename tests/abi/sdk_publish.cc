// Uses gateway/sdk/publish.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class UsesPublish : public gateway::Interceptor {
   public:
    void Start() override {
        gateway::publish(host(), gateway::Destination::topic("t"), R"({"type":"news"})",
                         [this](const gateway::Publication& sent) {
                             host().info(sent.sent ? sent.msg_id : sent.code);
                             host().info(std::to_string(sent.delivered) + std::string(sent.message));
                         });
    }
};

}  // namespace

GATEWAY_PLUGIN(UsesPublish, "uses-publish", "1.0.0", "message")
