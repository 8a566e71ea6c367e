// Gateway::Impl from settings to listening, and the end. The control thread.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/address.h"
#include "core/gateway_impl.h"
#include "core/gateway_options.h"
#include "core/guard/thread_guard.h"

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

void Gateway::Impl::collect_warnings() {
    const WscSettings& wsc = settings_.wsc;
    const std::vector<std::string>& crashed = plugins_.warnings();
    warnings_.insert(warnings_.end(), crashed.begin(), crashed.end());
    if (settings_.safe_mode) {
        warnings_.emplace_back(
            "safe mode: no WebSocket listener, no plugin; the admin listener answers, so that you can look "
            "and "
            "repair; start without --safe-mode to serve again");
        return;
    }
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

void Gateway::Impl::check() {
    guard_.look_at_record(&warnings_);
    create_plugins();
}

void Gateway::Impl::create_plugins() {
    if (created_) return;
    created_ = true;
    const SecuritySettings& security = settings_.wsc.security;
    node_.permissions.set_user_types(security.allowed_user_types);
    define_core_rules(&node_.permissions, false, security.broadcast_user_types);  // plugins may ask of them
    for (const PermissionSettings& entry : security.permissions)
        node_.permissions.configure(entry.rule, entry.user_types, entry.location);
    if (settings_.safe_mode) {
        look_at_files();
    } else if (settings_.wsc.enabled && settings_.wsc.tls.enabled()) {
        tls_ = std::make_unique<GatewayTls>(settings_.wsc.tls);
        tls_->load(&warnings_);
    }
    if (const std::string problem = http_.load(); !problem.empty() && !settings_.safe_mode)
        throw StartError(settings_.plugins.http.ca_file_location + ": " + problem);
    guard_.watch_this_thread();
    plugins_.count_crashes(guard_.record());
    try {
        plugins_.create();
    } catch (const std::runtime_error& error) {
        throw StartError(error.what());
    }
    settle_permissions();
    collect_warnings();
}

// Whether identities are verified is known when the plugins are.
void Gateway::Impl::settle_permissions() {
    const SecuritySettings& security = settings_.wsc.security;
    define_core_rules(&node_.permissions, plugins_.verifies_identities(), security.broadcast_user_types);
    const std::vector<std::string> undefined = node_.permissions.undefined();
    if (undefined.empty() || settings_.safe_mode) return;
    if (!plugins_.view()->skipped.empty()) return;  // they may be theirs, and then nobody asks
    std::string known;
    for (RuleId id = 0; id < node_.permissions.rule_count(); ++id)
        known += (id == 0 ? "" : ", ") + node_.permissions.rule(id).name;
    for (const PermissionSettings& entry : security.permissions) {
        if (entry.rule != undefined.front()) continue;
        throw StartError(entry.location + ": no loaded plugin defines this rule; the rules are " + known);
    }
}

// What the plugins of the configuration would be, for who looks and repairs; runs nothing of them.
void Gateway::Impl::look_at_files() {
    for (const PluginSettings& settings : settings_.plugins.load) {
        SkippedPlugin& plugin = unloaded_.emplace_back();
        plugin.settings = settings;
        plugin.why = "safe mode loads no plugin";
        try {
            plugin.file = PluginLibrary::verify(settings.name, plugin_path(settings, settings_.plugins));
            if (const CrashRecord* record = guard_.record())
                plugin.crashes = record->count_of(plugin.file.identity).in_a_row;
        } catch (const std::runtime_error& error) {
            plugin.why += std::string(", and this one would be refused: ") + error.what();
        }
    }
}

std::vector<std::string> Gateway::Impl::identities() const {
    std::vector<std::string> all;
    for (const PluginInstancePtr& instance : plugins_.view()->current)
        all.push_back(instance->library->tag()->identity);
    return all;
}

void Gateway::Impl::start() {
    settings_.safe_mode ? guard_.look_at_record(&warnings_) : guard_.open_record(&warnings_);
    create_plugins();
    const WscSettings& wsc = settings_.wsc;
    for (const std::string& warning : warnings_)
        log::warn(warning);
    started_at_ms_ = wall_now_ms();
    emit(GW_EV_INITIALIZE);
    const bool serves = wsc.enabled && !settings_.safe_mode;
    if (serves) open_listeners();  // what can refuse comes before what plugins open
    try {
        plugins_.start();
        plugins_started_ = true;
    } catch (const PluginError& error) {
        throw StartError(error.what());
    }
    crash_reset_.expires_after(std::chrono::seconds(settings_.plugins.crash_reset_s));
    crash_reset_.async_wait(
        [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
            if (!error && !alive.expired()) guard_.ran_well(identities());
        });
    if (!serves) return;
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
    session.trust_identity = wsc.security.trust_client_identity;
    session.trust_direct_identity = is_local_only(wsc);
    for (uint32_t i = 0; i < count; ++i) {
        auto own = std::make_unique<ReactorThread>();
        own->reactor = std::make_unique<Reactor>(options, i, &limits_, &own->counters);
        own->worker = std::make_unique<Worker>(&node_, own->reactor.get(), plugins_.chain());
        own->reactor->set_service(own->worker.get());
        if (tls_) own->reactor->set_tls(&tls_->source());
        own->reactor->listen(std::move(listeners[i]));
        node_.workers.push_back(own->worker.get());
        threads_.push_back(std::move(own));
    }
}

void Gateway::Impl::run_threads() {
    for (auto& own : threads_) {
        own->thread = std::thread([this, reactor = own->reactor.get()] {
            const std::string name = "reactor-" + std::to_string(reactor->index());
            const ThreadGuard guard(name.c_str());
            const Watchdog::Watch watch(guard_.watchdog(), name, reactor->pulse());
            reactor->run();
        });
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
    guard_.ends_well(identities());
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
    swaps_.abandon();
    if (std::exchange(plugins_started_, false)) plugins_.quiesce();
    plugins_.stop();
    if (ran) log::info("WebSocket server stopped");
}

}  // namespace gatewayd
