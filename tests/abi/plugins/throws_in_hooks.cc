// C++ with the SDK: every hook throws, and no exception may reach the host.
#include "gateway/plugin.hpp"

namespace {

class ThrowsInHooks : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_CONNECTED;

    void Configure(const gateway::Config& config) override { fail_in_ = config.get("fail_in").string_or(""); }
    void Start() override {
        if (fail_in_ == "start") throw gateway::Error("no such port");
    }
    void Stop() override { throw 42; }
    bool Attach(gateway::Connection&) override { throw std::runtime_error("attach"); }
    void Detach(gateway::Connection&) override { throw std::runtime_error("detach"); }
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        throw std::runtime_error("intercept");
    }
    void OnEvent(const gateway::Event&, gateway::Connection&) override { throw std::runtime_error("event"); }

   private:
    std::string fail_in_;
};

}  // namespace

GATEWAY_PLUGIN(ThrowsInHooks, "throws_in_hooks", "1.0.0", "message,events")
