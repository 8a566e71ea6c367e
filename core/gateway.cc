#include "core/gateway.h"

#include "core/base/log.h"
#include "core/gateway_impl.h"

namespace gatewayd {

Gateway::Gateway(Settings settings, boost::asio::io_context& control)
    : impl_(std::make_unique<Impl>(std::move(settings), control)) {}
Gateway::~Gateway() = default;

void Gateway::check() {
    impl_->check();
}
void Gateway::start() {
    impl_->start();
}
void Gateway::shutdown(std::function<void()> done) {
    impl_->shutdown(std::move(done));
}
void Gateway::on_shutdown_request(std::function<void(std::string)> handler) {
    impl_->shutdown_handler_ = std::move(handler);
}

std::shared_ptr<const Settings> Gateway::settings() const {
    return impl_->settings_in_force();
}
const std::vector<std::string>& Gateway::warnings() const {
    return impl_->warnings_;
}
bool Gateway::ready() const {
    return impl_->running_ && !impl_->draining_;
}

void Gateway::publish(PublishOrder order, PublishDone done) {
    auto shared = std::make_shared<PublishDone>(std::move(done));
    Status status =
        impl_->publish(std::move(order), [shared](PublishResult result) { (*shared)(std::move(result)); });
    if (!status.ok()) (*shared)({std::move(status), {}, 0});
}

void Gateway::kick(std::string_view client_id, std::string why, std::function<void(bool)> done) {
    const IdentityPtr client = impl_->find_client(client_id);
    auto shared = std::make_shared<std::function<void(bool)>>(std::move(done));
    if (!client || !impl_->kick(client->handle, std::move(why), [shared](bool found) { (*shared)(found); }))
        (*shared)(false);
}

IdentityPtr Gateway::find_client(std::string_view client_id) const {
    return impl_->find_client(client_id);
}
std::vector<IdentityPtr> Gateway::clients_of_user(std::string_view user_id, size_t limit) const {
    return impl_->clients_of_user(user_id, limit);
}
std::vector<IdentityPtr> Gateway::list_clients(uint64_t* cursor, size_t limit) const {
    return impl_->list_clients(cursor, limit);
}

void Gateway::reserve_admin_routes(const std::vector<std::string>& paths) {
    impl_->admin_routes_.reserve(paths);
}
AdminRoutes::Found Gateway::find_admin_route(std::string_view method,
                                             const std::vector<std::string>& parts) const {
    return impl_->admin_routes_.find(method, parts);
}
void Gateway::call_admin_route(uint64_t route, AdminCall call, AdminRespond respond) {
    impl_->call_admin_route(route, std::move(call), std::move(respond));
}

TracePtr Gateway::begin_trace(TraceOrder order) {
    return impl_->begin_trace(std::move(order));
}
void Gateway::end_trace(const TracePtr& trace, std::string_view why) {
    impl_->end_trace(trace, why);
}

GatewayStats Gateway::stats() const {
    return impl_->stats();
}

std::vector<const ReactorCounters*> Gateway::counters() const {
    std::vector<const ReactorCounters*> counters;
    for (const auto& own : impl_->threads_)
        counters.push_back(&own->counters);
    return counters;
}

std::vector<Permissions::Rule> Gateway::permissions() const {
    std::vector<Permissions::Rule> rules;
    const Permissions& permissions = impl_->node_.permissions;
    for (RuleId id = 0; id < permissions.rule_count(); ++id)
        rules.push_back(permissions.rule(id));
    return rules;
}

std::vector<TlsCertificateInfo> Gateway::certificates() const {
    return impl_->tls_ ? impl_->tls_->certificates() : std::vector<TlsCertificateInfo>();
}

HttpNumbers Gateway::http() const {
    return impl_->http_.numbers();
}

std::vector<PluginMetric> Gateway::plugin_metrics() const {
    return impl_->metric_registry_.snapshot();
}

std::vector<PluginStatus> Gateway::plugins() const {
    return impl_->plugins();
}

}  // namespace gatewayd
