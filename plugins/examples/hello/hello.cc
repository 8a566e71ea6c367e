#include "gateway/plugin.hpp"

class Hello : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        if (request.field("content") == "hello") request.set_field("content", "hello, world");
        return gateway::Continue;
    }
};
GATEWAY_PLUGIN(Hello, "hello", "1.0.0", "message")
