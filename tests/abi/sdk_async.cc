// Uses every function of the SDK's timers and works once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class UsesAsync : public gateway::Interceptor {
   public:
    using ms = std::chrono::milliseconds;

    void Start() override {
        const gw_token once = gateway::after(host(), ms(10), [] {});
        const gw_token often = gateway::every(host(), std::chrono::hours(1), [this] { ++count_; });
        if (!gateway::cancel_timer(host(), once) && gateway::cancel_timer(host(), often)) return;
        const gw_token work = gateway::run(
            host(), [] { return 5; }, [this](int result) { count_ += result; });
        gateway::run(
            host(), [] {}, [] {});
        gateway::cancel_work(host(), work);
    }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        gateway::after(host(), connection.id(), ms(10),
                       [](gateway::Connection& c) { c.close(1008, "late"); });
        gateway::every(host(), connection.id(), ms(10), [](gateway::Connection& c) { c.send("{}"); });
        gateway::run(
            host(), connection.id(), [] { return std::make_unique<int>(5); },
            [](std::unique_ptr<int> result, gateway::Connection& c) { c.close(4000 + *result, "done"); });
        gateway::run(
            host(), connection.id(), [] {}, [](gateway::Connection&) {});
        if (request.is_handshake()) {
            return gateway::run(
                next, ms(0), [] {},
                [](gateway::Request&, gateway::Connection&, gateway::Next&) { return gateway::Continue; });
        }
        return gateway::run(
            next, std::chrono::seconds(5),
            [text = std::string(request.field("content").value_or(""))] { return text; },
            [](const std::string& text, gateway::Request& r, gateway::Connection&, gateway::Next& rest) {
                if (text.empty()) return r.reject(403, "forbidden", "empty");
                return gateway::run(
                    rest, ms(0), [] { return 1.5; },
                    [](double, gateway::Request&, gateway::Connection&, gateway::Next& last) {
                        return last.run([](gateway::Request&, gateway::Connection&, int32_t) {});
                    });
            });
    }

   private:
    int count_ = 0;
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesAsync, "acme.uses-async", "0.1.0", "handshake,message",
                    "needs=gw.timer/1,gw.work/1\n")
