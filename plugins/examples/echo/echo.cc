// echo - an example of a frame plugin: claims every message of a client before it is decoded, and sends the
// same bytes back as a frame of the same kind. README.md
#include "gateway/plugin.hpp"

class Echo : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        return request.answer(request.payload());
    }
};
GATEWAY_PLUGIN(Echo, "echo", "1.0.0", "frame")
