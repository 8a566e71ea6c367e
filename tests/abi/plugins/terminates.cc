// C++ with the SDK: an exception leaves a thread of its own, which ends the process.
#include <stdexcept>
#include <thread>

#include "gateway/plugin.hpp"

namespace {

void throws() {
    throw std::runtime_error("no such province");
}

class Terminates : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        std::thread(throws).join();
        return gateway::Continue;
    }
};

}  // namespace

GATEWAY_PLUGIN(Terminates, "terminates", "1.0.0", "message")
