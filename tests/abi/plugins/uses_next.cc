// C++ with the SDK: code after the rest of the chain, by Next::run.
#include "gateway/plugin.hpp"

namespace {

class UsesNext : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next& next) override {
        const std::string text = "passed with ";
        return next.run([text](gateway::Request&, gateway::Connection& connection, int32_t status) {
            connection.set_attribute("after", text + std::to_string(status));
        });
    }
};

}  // namespace

GATEWAY_PLUGIN(UsesNext, "uses_next", "1.0.0", "message")
