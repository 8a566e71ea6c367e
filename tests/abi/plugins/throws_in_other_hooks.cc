// C++ with the SDK: the hooks of an attached connection throw, and no exception may reach the host.
#include "gateway/plugin.hpp"

namespace {

class ThrowsInOtherHooks : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_CONNECTED;

    void Detach(gateway::Connection&) override { throw std::runtime_error("detach"); }
    bool Attach(gateway::Connection&) override { return true; }
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        throw std::runtime_error("intercept");
    }
    void OnEvent(const gateway::Event&, gateway::Connection&) override { throw std::runtime_error("event"); }
};

}  // namespace

GATEWAY_PLUGIN(ThrowsInOtherHooks, "throws_in_other_hooks", "1.0.0", "message,events")
