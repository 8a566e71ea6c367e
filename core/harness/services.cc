#include "core/harness/services.h"

#include <algorithm>
#include <utility>

#include "core/base/utf8.h"
#include "core/message/envelope.h"
#include "core/plugins/instance.h"

namespace gatewayd::harness {

Status FakeHub::publish(PublishOrder order, PublishDone done) {
    Envelope envelope;
    if (!is_valid_utf8(order.message)) return {ErrorCode::invalid_message, "the message is not valid UTF-8"};
    const Status status = decode(order.message, &envelope);
    if (!status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    published_.push_back(
        {{static_cast<uint32_t>(order.to.kind), order.to.id, order.to.not_sender}, order.message});
    if (done) completions_.push_back(std::move(done));
    return {};
}

bool FakeHub::subscribe(ConnectionHandle connection, std::string topic, bool join) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (clients_.count(connection.generation) == 0) return false;
    auto& topics = topics_[connection.generation];
    join ? static_cast<void>(topics.insert(std::move(topic))) : static_cast<void>(topics.erase(topic));
    return true;
}

bool FakeHub::kick(ConnectionHandle connection, std::string why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (clients_.count(connection.generation) == 0) return false;
    kicks_.emplace(connection.generation, std::move(why));
    return true;
}

IdentityPtr FakeHub::find_client(std::string_view client_id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, identity] : clients_) {
        if (identity->client_id == client_id) return identity;
    }
    return nullptr;
}

std::vector<IdentityPtr> FakeHub::clients_of_user(std::string_view user_id, size_t limit) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<IdentityPtr> found;
    for (const auto& [number, identity] : clients_) {
        if (identity->user_id == user_id && found.size() < limit) found.push_back(identity);
    }
    return found;
}

std::vector<IdentityPtr> FakeHub::list_clients(uint64_t* cursor, size_t limit) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<IdentityPtr> page;
    auto at = clients_.upper_bound(*cursor);
    for (; at != clients_.end() && page.size() < limit; ++at) {
        page.push_back(at->second);
        *cursor = at->first;
    }
    if (at == clients_.end()) *cursor = 0;
    return page;
}

void FakeHub::fill_stats(gw_stats* out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint32_t size = out->struct_size;
    *out = gw_stats{};
    out->struct_size = size;
    out->running = 1;
    out->current_connections = clients_.size();
    out->total_connections = total_;
    out->total_messages_received = messages;
    out->total_messages_sent = published_.size();
}

int32_t FakeHub::resume(const void* instance, gw_token token) {
    return deferrals_ ? deferrals_->resume(instance, token) : GW_E_STALE;
}

void FakeHub::request_shutdown(std::string why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (shutdown_reason_.empty()) shutdown_reason_ = std::move(why);
}

void FakeHub::adopt(const void* instance, const void* replaces) {
    admin_routes_.commit(instance, replaces);
    plugin_events_.commit(instance, replaces);
    static_cast<void>(service_registry_.commit(instance, replaces));
}

void FakeHub::destroyed(const void* instance) {
    metric_registry_.destroyed(instance);
    static_cast<void>(service_registry_.destroyed(instance));
}

void FakeHub::set_home(uint64_t (*now_ns)(), ConnectionTimers::Home home) {
    find_ = home.find;
    timers_.control.set_home(now_ns, [post = home.post] { post([] {}, false); });
    plugin_events_.set_wake([post = home.post] { post([] {}, false); });
    works_.returns_of(0).set_wake([post = home.post] { post([] {}, false); });
    works_.control_returns().set_wake([post = home.post] { post([] {}, false); });
    timers_.connections[0].set_home(std::move(home));
}

void FakeHub::tell_works() {
    works_.tell(works_.returns_of(0), find_);
    works_.tell(works_.control_returns(), nullptr);
}

void FakeHub::forget(const void* instance) {
    static_cast<const PluginInstance*>(instance)->over = true;
    http_.forget();
    admin_routes_.forget(instance);
    metric_registry_.forget(instance);
    plugin_events_.forget(instance);
    static_cast<void>(service_registry_.withdraw(instance));
    works_.forget(instance);
    for (ConnectionTimers& each : timers_.connections)
        each.forget(instance);
    timers_.control.forget(instance);
    tell_works();
}

void FakeHub::add(uint64_t number, const gateway::harness::Client& who, int64_t connected_at_ms) {
    auto identity = std::make_shared<Identity>();
    identity->client_id = who.client_id;
    identity->user_id = who.user_id;
    identity->user_type = who.user_type;
    identity->connected_at_ms = connected_at_ms;
    identity->handle = {number, number};
    const std::lock_guard<std::mutex> lock(mutex_);
    clients_[number] = std::move(identity);
    ++total_;
}

void FakeHub::remove(uint64_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    clients_.erase(number);
    topics_.erase(number);
}

std::vector<PublishDone> FakeHub::take_completions() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(completions_, {});
}

FakeHub::FakeHub() {
    works_.run_by_hand();
    listens(true);
    permissions_.set_user_types(user_types_);
    define_core_rules(&permissions_, false, {"agent", "admin"});
}

void FakeHub::know_user_type(const std::string& user_type) {
    if (std::find(user_types_.begin(), user_types_.end(), user_type) != user_types_.end()) return;
    user_types_.push_back(user_type);
    permissions_.set_user_types(user_types_);
}

void FakeHub::forget_published() {
    const std::lock_guard<std::mutex> lock(mutex_);
    published_.clear();
    completions_.clear();
}

std::map<uint64_t, std::string> FakeHub::take_kicks() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(kicks_, {});
}

std::vector<gateway::harness::Published> FakeHub::published() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return published_;
}

std::vector<std::string> FakeHub::topics(uint64_t number) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = topics_.find(number);
    if (found == topics_.end()) return {};
    return {found->second.begin(), found->second.end()};
}

std::string FakeHub::shutdown_reason() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return shutdown_reason_;
}

}  // namespace gatewayd::harness
