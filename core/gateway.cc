#include "core/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/address.h"
#include "core/gateway_options.h"
#include "core/gateway_tls.h"
#include "core/net/reactor.h"
#include "core/plugins/host.h"
#include "core/session/node.h"
#include "core/session/session.h"
#include "core/session/worker.h"

namespace gatewayd {
namespace {

constexpr uint32_t max_defer_accept_s = 3;

// Only this machine's own clients reach the listener: nobody else, and no proxy on behalf of others.
bool is_local_only(const WscSettings& wsc) {
    return is_loopback_ip(wsc.node_ip) && wsc.trusted_proxies.empty();
}

std::string url_of(const WscSettings& wsc, uint16_t port) {
    const std::string& ip = wsc.node_ip;
    const bool v6 = ip.find(':') != std::string::npos;
    return (wsc.tls.enabled() ? "wss://" : "ws://") + (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

std::string host_name() {
    char name[256] = "node";
    ::gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

// One reactor with all that belongs to it, and its thread.
struct ReactorThread {
    ReactorCounters counters;
    std::unique_ptr<Reactor> reactor;
    std::unique_ptr<Worker> worker;
    std::thread thread;
};

class Gateway::Impl final : public HostServices {
   public:
    Impl(Settings settings, boost::asio::io_context& control)
        : settings_(std::move(settings)),
          control_(control),
          deadline_(control),
          limits_(settings_.wsc.performance.max_connections_per_node,
                  settings_.wsc.performance.max_connections_per_address),
          plugins_(settings_.plugins, this) {}
    ~Impl() override { stop_now(); }

    void create_plugins();
    void start();
    void shutdown(std::function<void()> done);
    void stop_now();

    // --- HostServices ---
    Status publish(PublishOrder order, PublishDone done) override {
        return node_.publish(std::move(order), std::move(done));
    }
    bool subscribe(ConnectionHandle connection, std::string topic, bool join) override;
    bool kick(ConnectionHandle connection, std::string why) override {
        return kick(connection, std::move(why), nullptr);
    }
    IdentityPtr find_client(std::string_view client_id) override {
        return node_.directory.find_client(client_id);
    }
    std::vector<IdentityPtr> clients_of_user(std::string_view user_id, size_t limit) override {
        return node_.directory.clients_of_user(user_id, limit);
    }
    std::vector<IdentityPtr> list_clients(uint64_t* cursor, size_t limit) override {
        return node_.directory.list_clients(cursor, limit);
    }
    void fill_stats(gw_stats* out) override;
    int32_t resume(const void* instance, gw_token token) override { return node_.resume(instance, token); }
    void request_shutdown(std::string why) override;

    bool kick(ConnectionHandle connection, std::string why, std::function<void(bool)> done);
    GatewayStats stats() const;

    Settings settings_;
    std::vector<std::string> warnings_;
    boost::asio::io_context& control_;
    boost::asio::steady_timer deadline_;
    NodeLimits limits_;
    std::unique_ptr<GatewayTls> tls_;  // null: plain; outlives the reactors
    Node node_;
    PluginHost plugins_;
    std::vector<std::unique_ptr<ReactorThread>> threads_;
    std::function<void(std::string)> shutdown_handler_;
    std::function<void()> shutdown_done_;
    bool created_ = false;
    bool plugins_started_ = false;
    std::atomic<bool> running_{false};
    std::atomic<bool> draining_{false};
    std::atomic<uint32_t> reactors_busy_{0};
    int64_t started_at_ms_ = 0;
    std::string listening_;

   private:
    void collect_warnings();
    void open_listeners();
    void run_threads();
    void finish_shutdown(bool in_time);
    void emit(uint64_t event) { plugins_.chain()->emit(event, nullptr); }
    // [any] The control context outlives us: what it still holds when we are gone does nothing.
    template <typename Call>
    void post_to_control(Call call) {
        boost::asio::post(control_, [alive = std::weak_ptr<const bool>(alive_), call = std::move(call)] {
            if (!alive.expired()) call();
        });
    }

    const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

void Gateway::Impl::collect_warnings() {
    const WscSettings& wsc = settings_.wsc;
    if (!wsc.enabled) warnings_.emplace_back("the WebSocket service is switched off: wsc.enabled is false");
    if (wsc.enabled && !plugins_.verifies_identities() && !is_local_only(wsc)) {
        warnings_.emplace_back(
            wsc.security.trust_client_identity
                ? "identities are not verified: clients may call themselves anybody, agents and admins "
                  "included "
                  "(wsc.security.trust_client_identity); enable wsc.security.enable_auth on an open network"
                : "identities are not verified: clients may call themselves any customer; enable "
                  "wsc.security.enable_auth on an open network");
    }
}

void Gateway::Impl::create_plugins() {
    if (created_) return;
    created_ = true;
    if (settings_.wsc.enabled && settings_.wsc.tls.enabled()) {
        tls_ = std::make_unique<GatewayTls>(settings_.wsc.tls);
        tls_->load(&warnings_);
    }
    try {
        plugins_.create();
    } catch (const std::runtime_error& error) {
        throw StartError(error.what());
    }
    node_.chain = plugins_.chain();
    collect_warnings();
}

void Gateway::Impl::start() {
    create_plugins();
    const WscSettings& wsc = settings_.wsc;
    for (const std::string& warning : warnings_)
        log::warn(warning);
    started_at_ms_ = wall_now_ms();
    emit(GW_EV_INITIALIZE);
    if (wsc.enabled) open_listeners();  // what can refuse comes before what plugins open
    try {
        plugins_.start();
        plugins_started_ = true;
    } catch (const PluginError& error) {
        throw StartError(error.what());
    }
    if (!wsc.enabled) return;
    run_threads();
    running_ = true;
    log::info("WebSocket server listening on " + listening_);
    emit(GW_EV_STARTED);
}

void Gateway::Impl::open_listeners() {
    const WscSettings& wsc = settings_.wsc;
    const uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
    const uint32_t count =
        std::min(wsc.performance.io_threads == 0 ? cores : wsc.performance.io_threads, max_reactors);
    const NetOptions options = net_options(settings_);
    const uint32_t defer_s = std::min(wsc.performance.handshake_timeout_s, max_defer_accept_s);
    uint16_t port = wsc.node_port;
    std::vector<Listener> listeners;
    try {
        if (port != 0) Listener::check_free(wsc.node_ip, port);
        for (uint32_t i = 0; i < count; ++i) {
            listeners.push_back(Listener::open(wsc.node_ip, port, defer_s));
            port = listeners.back().port();
        }
    } catch (const ListenError& error) {
        throw StartError("cannot listen on " + url_of(wsc, wsc.node_port) + ": " + error.what() +
                         "; change wsc.node_ip or wsc.node_port, or stop what listens there");
    }
    listening_ = url_of(wsc, port);
    SessionOptions& session = node_.options;
    session.path = wsc.path;
    session.node_id = host_name() + ":" + std::to_string(port);
    session.heartbeat_interval_s = wsc.heartbeat_interval_s;
    session.max_message_bytes = wsc.security.max_message_size_kb * 1024;
    session.allowed_user_types = wsc.security.allowed_user_types;
    session.broadcast_user_types = wsc.security.broadcast_user_types;
    session.trust_identity = wsc.security.trust_client_identity;
    session.trust_direct_identity = is_local_only(wsc);
    for (uint32_t i = 0; i < count; ++i) {
        auto own = std::make_unique<ReactorThread>();
        own->reactor = std::make_unique<Reactor>(options, i, &limits_, &own->counters);
        own->worker = std::make_unique<Worker>(&node_, own->reactor.get());
        own->reactor->set_service(own->worker.get());
        if (tls_) own->reactor->set_tls(&tls_->source());
        own->reactor->listen(std::move(listeners[i]));
        node_.workers.push_back(own->worker.get());
        threads_.push_back(std::move(own));
    }
}

void Gateway::Impl::run_threads() {
    for (auto& own : threads_) {
        own->thread = std::thread([reactor = own->reactor.get()] { reactor->run(); });
    }
}

// --- the end ---

void Gateway::Impl::shutdown(std::function<void()> done) {
    if (draining_.exchange(true)) return;
    shutdown_done_ = std::move(done);
    if (!running_.exchange(false)) {
        finish_shutdown(true);
        return;
    }
    log::info("shutting down: no new connections, 1001 to everyone",
              {{"connections", node_.directory.client_count()},
               {"shutdown_timeout_s", settings_.wsc.performance.shutdown_timeout_s}});
    reactors_busy_ = static_cast<uint32_t>(threads_.size());
    deadline_.expires_after(std::chrono::seconds(settings_.wsc.performance.shutdown_timeout_s));
    deadline_.async_wait(
        [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
            if (!error && !alive.expired()) finish_shutdown(false);
        });
    for (auto& own : threads_) {
        Reactor* reactor = own->reactor.get();
        reactor->post(
            [this, reactor] {
                reactor->stop_accepting();
                reactor->close_all(close_going_away, "the gateway is shutting down",
                                   DisconnectReason::server_shutdown);
                reactor->when_empty([this] {
                    if (--reactors_busy_ == 0) post_to_control([this] { finish_shutdown(true); });
                });
            },
            false);
    }
}

void Gateway::Impl::finish_shutdown(bool in_time) {
    if (!shutdown_done_) return;
    deadline_.cancel();
    if (!in_time) {
        log::warn("shutdown_timeout is over; the rest is cut off", {{"connections", limits_.count()}});
    }
    stop_now();
    std::exchange(shutdown_done_, nullptr)();
}

void Gateway::Impl::stop_now() {
    running_ = false;
    draining_ = true;
    for (auto& own : threads_) {
        Reactor* reactor = own->reactor.get();
        reactor->post(
            [reactor] {
                reactor->stop_accepting();
                reactor->drop_all(DisconnectReason::server_shutdown);
            },
            false);
        reactor->stop();
    }
    bool ran = false;
    for (auto& own : threads_) {
        if (!own->thread.joinable()) continue;
        own->thread.join();
        ran = true;
    }
    if (ran) emit(GW_EV_STOPPED);
    if (plugins_started_) plugins_.quiesce();
    plugins_.stop();
    plugins_started_ = false;
    if (ran) log::info("WebSocket server stopped");
}

// --- the Hub, for plugins and back ends ---

bool Gateway::Impl::subscribe(ConnectionHandle connection, std::string topic, bool join) {
    Worker* worker = node_.worker_of(connection);
    if (!worker) return false;
    return worker->post([worker, connection, topic = std::move(topic), join] {
        Session* session = worker->find(connection);
        if (!session) return;
        if (!join) {
            worker->hub().unsubscribe(session, topic);
        } else if (worker->hub().subscribe(session, topic) == HubShard::Join::limit) {
            log::write_limited(
                LogLevel::warn, "topic_limit", "a connection is in too many topics, a join was refused",
                {{"connection_id", connection.generation}, {"limit", max_topics_per_connection}});
        }
    });
}

bool Gateway::Impl::kick(ConnectionHandle connection, std::string why, std::function<void(bool)> done) {
    Worker* worker = node_.worker_of(connection);
    if (!worker) return false;
    return worker->post([worker, connection, why = std::move(why), done = std::move(done)] {
        const bool found = worker->kick(connection, why.empty() ? "kicked" : "kicked: " + why);
        if (done) done(found);
    });
}

void Gateway::Impl::request_shutdown(std::string why) {
    post_to_control([this, why = std::move(why)] {
        if (shutdown_handler_) shutdown_handler_(why);
    });
}

GatewayStats Gateway::Impl::stats() const {
    GatewayStats stats;
    stats.enabled = settings_.wsc.enabled;
    stats.tls = tls_ != nullptr;
    stats.running = running_;
    stats.draining = draining_;
    stats.identities_verified = plugins_.verifies_identities();
    stats.node_id = node_.options.node_id;
    stats.listening = listening_;
    stats.started_at_ms = started_at_ms_;
    for (const auto& own : threads_) {
        const SessionCounters& session = own->counters.session;
        stats.total_connections += session.opened.get();
        for (const Counter& counter : session.connected_by_type)
            stats.current_connections += counter.get();
        for (const Counter& counter : session.received)
            stats.total_messages_received += counter.get();
        stats.total_messages_sent += own->counters.net.messages_sent.get();
        for (size_t i = 0; i < stats.tls_connections.size(); ++i)
            stats.tls_connections[i] += own->counters.net.tls_open[i].get();
    }
    return stats;
}

void Gateway::Impl::fill_stats(gw_stats* out) {
    const GatewayStats now = stats();
    out->running = now.running ? 1 : 0;
    out->current_connections = now.current_connections;
    out->total_connections = now.total_connections;
    out->total_messages_received = now.total_messages_received;
    out->total_messages_sent = now.total_messages_sent;
}

// --- the facade ---

Gateway::Gateway(Settings settings, boost::asio::io_context& control)
    : impl_(std::make_unique<Impl>(std::move(settings), control)) {}
Gateway::~Gateway() = default;

void Gateway::check() {
    impl_->create_plugins();
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

void Gateway::reload() {
    log::warn("SIGHUP: this version reads certificates again, not its configuration; restart it for that");
    if (impl_->tls_) impl_->tls_->reload();
}

void Gateway::reopen_files() {
    log::info("reopening files");
    impl_->plugins_.chain()->emit(GW_EV_REOPEN, nullptr);
}

const Settings& Gateway::settings() const {
    return impl_->settings_;
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

GatewayStats Gateway::stats() const {
    return impl_->stats();
}

std::vector<const ReactorCounters*> Gateway::counters() const {
    std::vector<const ReactorCounters*> counters;
    for (const auto& own : impl_->threads_)
        counters.push_back(&own->counters);
    return counters;
}

std::vector<TlsCertificateInfo> Gateway::certificates() const {
    return impl_->tls_ ? impl_->tls_->certificates() : std::vector<TlsCertificateInfo>();
}

std::vector<PluginStatus> Gateway::plugins() const {
    std::vector<PluginStatus> plugins;
    for (const auto& instance : impl_->plugins_.instances()) {
        PluginStatus status;
        status.name = instance->settings.name;
        status.id = instance->library->note().id;
        status.version = instance->library->note().version;
        status.path = instance->library->path();
        status.kinds = instance->library->note().kinds;
        if (instance->interceptor) {
            status.errors = instance->interceptor->errors.load(std::memory_order_relaxed);
            status.misuse = instance->interceptor->misuse.load(std::memory_order_relaxed);
        }
        plugins.push_back(std::move(status));
    }
    return plugins;
}

}  // namespace gatewayd
