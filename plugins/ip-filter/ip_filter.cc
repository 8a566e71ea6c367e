// ip-filter: which networks may connect. Reads its files again on SIGUSR1 and on POST .../reload, without a
// connection noticing. README.md
#include <atomic>
#include <memory>
#include <string>

#include "gateway/plugin.hpp"
#include "rules.h"

namespace ip_filter {
namespace {

class IpFilter : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_HANDSHAKE;
    static constexpr uint64_t events = GW_EV_REOPEN;
    int32_t Order() const override { return -100; }  // before those that cost more

    void Configure(const gateway::Config& config) override {
        sources_ = Sources::read(config);
        set(std::make_shared<const Rules>(Rules::read(sources_)));
        gateway::admin_route<&IpFilter::look_up>(host(), this, "GET", "/addresses/{address}");
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        const auto from = address::parse_endpoint(request.field("remote_address").value_or(""));
        if (from && rules()->may(*from)) return gateway::Continue;
        return request.reject(403, "forbidden", "this address may not connect");
    }

    void OnEvent(const gateway::Event&, gateway::Connection&) override { read_again(); }

    // --- the admin listener ---

    void look_up(const gateway::AdminRequest& request) {
        const auto address = address::parse_address(request.parameter("address"));
        if (!address) {
            request.answer(
                400,
                R"({"error":{"code":"bad_request","message":"an address is 192.0.2.1 or 2001:db8::1"}})");
            return;
        }
        const auto now = rules();
        const char* why = now->deny.contains(*address)                          ? "denied"
                          : now->only_allowed && !now->allow.contains(*address) ? "not among the allowed"
                                                                                : "allowed";
        request.answer(200, R"({"address":")" + address->text() + R"(","may_connect":)" +
                                (now->may(*address) ? "true" : "false") + R"(,"why":")" + why + "\"}");
    }

   private:
    std::shared_ptr<const Rules> rules() const { return std::atomic_load(&rules_); }
    void set(std::shared_ptr<const Rules> rules) { std::atomic_store(&rules_, std::move(rules)); }

    // A file that is wrong changes nothing.
    void read_again() {
        try {
            set(std::make_shared<const Rules>(Rules::read(sources_)));
            host().info("the lists were read again");
        } catch (const gateway::Error& error) {
            host().error(std::string("the lists stay as they were: ") + error.what());
        }
    }

    Sources sources_;
    std::shared_ptr<const Rules> rules_;
};

}  // namespace
}  // namespace ip_filter

GATEWAY_PLUGIN_WITH(ip_filter::IpFilter, "ip-filter", "1.0.0", "handshake,events",
                    "description=Which networks may connect; lists in the YAML and in files\n")
