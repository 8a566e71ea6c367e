// A Gateway that a test plays: defines the members of core/gateway.h in place of the real ones, so that the
// admin routes can be tested alone, with every answer that a gateway can give.
#ifndef GATEWAYD_TESTS_UNIT_DAEMON_FAKE_GATEWAY_H
#define GATEWAYD_TESTS_UNIT_DAEMON_FAKE_GATEWAY_H

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/gateway.h"

namespace gatewayd {

// What the fake gateway says and what it was asked; one for the program.
struct FakeGateway {
    bool ready = true;
    GatewayStats stats;
    std::vector<PluginStatus> plugins;
    std::shared_ptr<Traces> traces = std::make_shared<Traces>();
    std::vector<IdentityPtr> clients;
    PublishResult publish_result;
    PluginReload reload_result;
    bool answers = true;  // false: publish keeps `done`
    std::vector<PluginMetric> plugin_metrics;
    // The plugins' routes; empty: there are none.
    std::function<AdminRoutes::Found(std::string_view method, const std::vector<std::string>& parts)>
        find_route;
    std::function<void(uint64_t route, AdminCall call, AdminRespond respond)> call_route;

    std::vector<PublishOrder> orders;
    std::vector<PublishDone> unanswered;
    std::vector<std::pair<std::string, std::string>> kicks;  // client, why
    std::vector<std::string> reloads;                        // plugins' names; empty: the whole

    // Until publish has kept so many; throws when that takes too long.
    void wait_for_unanswered(size_t count = 1);

    void add_client(const std::string& client_id, const std::string& user_id) {
        auto identity = std::make_shared<Identity>();
        identity->client_id = client_id;
        identity->user_id = user_id;
        identity->user_type = "customer";
        identity->connected_at_ms = 1'795'646'991'123;
        clients.push_back(std::move(identity));
    }
};

FakeGateway& fake();

}  // namespace gatewayd

#endif
