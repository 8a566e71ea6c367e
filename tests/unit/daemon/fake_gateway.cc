#include "tests/unit/daemon/fake_gateway.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace gatewayd {
namespace {

// What publish touches: the admin thread asks, the test looks.
std::mutex publish_mutex;
std::condition_variable published;

}  // namespace

FakeGateway& fake() {
    static FakeGateway it;
    return it;
}

void FakeGateway::wait_for_unanswered(size_t count) {
    std::unique_lock<std::mutex> lock(publish_mutex);
    if (!published.wait_for(lock, std::chrono::seconds(20), [&] { return unanswered.size() >= count; })) {
        throw std::runtime_error("nothing was published");
    }
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
std::shared_ptr<const Settings> Gateway::settings() const {
    return std::make_shared<const Settings>(impl_->settings);
}
void Gateway::set_settings_source(std::function<LoadResult()>) {}
void Gateway::reload(PluginReloaded done) {
    reload_plugin({}, std::move(done));
}
void Gateway::reload_plugin(std::string name, PluginReloaded done) {
    fake().reloads.push_back(std::move(name));
    done(fake().reload_result);
}
const std::vector<std::string>& Gateway::warnings() const {
    return impl_->warnings;
}
TracePtr Gateway::begin_trace(TraceOrder order) {
    return fake().traces->begin(std::move(order));
}
void Gateway::end_trace(const TracePtr& trace, std::string_view why) {
    fake().traces->end(trace, why);
}
bool Gateway::ready() const {
    return fake().ready;
}

void Gateway::publish(PublishOrder order, PublishDone done) {
    const bool answers = fake().answers;
    {
        const std::lock_guard<std::mutex> lock(publish_mutex);
        fake().orders.push_back(std::move(order));
        if (!answers) fake().unanswered.push_back(std::move(done));
    }
    if (answers) {
        done(fake().publish_result);
    } else {
        published.notify_all();
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

void Gateway::reserve_admin_routes(const std::vector<std::string>&) {}
AdminRoutes::Found Gateway::find_admin_route(std::string_view method,
                                             const std::vector<std::string>& parts) const {
    return fake().find_route ? fake().find_route(method, parts) : AdminRoutes::Found();
}
void Gateway::call_admin_route(uint64_t route, AdminCall call, AdminRespond respond) {
    fake().call_route(route, std::move(call), std::move(respond));
}
std::vector<PluginMetric> Gateway::plugin_metrics() const {
    return fake().plugin_metrics;
}

GatewayStats Gateway::stats() const {
    return fake().stats;
}
std::vector<const ReactorCounters*> Gateway::counters() const {
    static const ReactorCounters nothing_happened;
    return {&nothing_happened};
}
std::vector<TlsCertificateInfo> Gateway::certificates() const {
    return {};
}
std::vector<Permissions::Rule> Gateway::permissions() const {
    return {{"broadcast", "send to everyone", {"agent"}, "default", "core"}};
}
HttpNumbers Gateway::http() const {
    return {};
}
std::vector<PluginStatus> Gateway::plugins() const {
    return fake().plugins;
}

}  // namespace gatewayd
