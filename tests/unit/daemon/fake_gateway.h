// A Gateway that a test plays: defines the members of core/gateway.h in place of the real ones, so that the
// admin routes can be tested alone, with every answer that a gateway can give. To be included by exactly one
// file of a program.
#ifndef GATEWAYD_TESTS_UNIT_DAEMON_FAKE_GATEWAY_H
#define GATEWAYD_TESTS_UNIT_DAEMON_FAKE_GATEWAY_H

#include <algorithm>
#include <utility>

#include "core/gateway.h"

namespace gatewayd {

// What the fake gateway says and what it was asked; one for the program.
struct FakeGateway {
    bool ready = true;
    GatewayStats stats;
    std::vector<PluginStatus> plugins;
    std::vector<IdentityPtr> clients;
    PublishResult publish_result;
    bool answers = true;  // false: publish keeps `done`

    std::vector<PublishOrder> orders;
    std::vector<PublishDone> unanswered;
    std::vector<std::pair<std::string, std::string>> kicks;  // client, why

    void add_client(const std::string& client_id, const std::string& user_id) {
        auto identity = std::make_shared<Identity>();
        identity->client_id = client_id;
        identity->user_id = user_id;
        identity->user_type = "customer";
        identity->connected_at_ms = 1'795'646'991'123;
        clients.push_back(std::move(identity));
    }
};

inline FakeGateway& fake() {
    static FakeGateway it;
    return it;
}

class Gateway::Impl {
   public:
    Settings settings;
    std::vector<std::string> warnings;
};

Gateway::Gateway(Settings settings, boost::asio::io_context&) : impl_(std::make_unique<Impl>()) {
    impl_->settings = std::move(settings);
}
Gateway::~Gateway() = default;
void Gateway::check() {}
void Gateway::start() {}
void Gateway::shutdown(std::function<void()> done) {
    done();
}
void Gateway::on_shutdown_request(std::function<void(std::string)>) {}
void Gateway::reopen_files() {}
const Settings& Gateway::settings() const {
    return impl_->settings;
}
const std::vector<std::string>& Gateway::warnings() const {
    return impl_->warnings;
}
bool Gateway::ready() const {
    return fake().ready;
}

void Gateway::publish(PublishOrder order, PublishDone done) {
    fake().orders.push_back(std::move(order));
    if (fake().answers) {
        done(fake().publish_result);
    } else {
        fake().unanswered.push_back(std::move(done));
    }
}

void Gateway::kick(std::string_view client_id, std::string why, std::function<void(bool)> done) {
    fake().kicks.emplace_back(client_id, std::move(why));
    done(find_client(client_id) != nullptr);
}

IdentityPtr Gateway::find_client(std::string_view client_id) const {
    for (const IdentityPtr& client : fake().clients) {
        if (client->client_id == client_id) return client;
    }
    return nullptr;
}

std::vector<IdentityPtr> Gateway::clients_of_user(std::string_view user_id, size_t limit) const {
    std::vector<IdentityPtr> found;
    for (const IdentityPtr& client : fake().clients) {
        if (client->user_id == user_id && found.size() < limit) found.push_back(client);
    }
    return found;
}

std::vector<IdentityPtr> Gateway::list_clients(uint64_t* cursor, size_t limit) const {
    const auto& all = fake().clients;
    const size_t from = std::min<size_t>(*cursor, all.size());
    const size_t to = std::min(from + limit, all.size());
    *cursor = to == all.size() ? 0 : to;
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

GatewayStats Gateway::stats() const {
    return fake().stats;
}
std::vector<const ReactorCounters*> Gateway::counters() const {
    static const ReactorCounters nothing_happened;
    return {&nothing_happened};
}
std::vector<PluginStatus> Gateway::plugins() const {
    return fake().plugins;
}

}  // namespace gatewayd

#endif
