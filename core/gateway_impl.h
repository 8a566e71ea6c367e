// Gateway::Impl: what the parts of the gateway are and how long each lives. Its functions are in four files:
// gateway.cc (the facade), gateway_lifecycle.cc (from settings to listening, and the end), gateway_reload.cc
// (from one configuration to the next) and gateway_services.cc (what plugins and back ends may ask for).
#ifndef GATEWAYD_CORE_GATEWAY_IMPL_H
#define GATEWAYD_CORE_GATEWAY_IMPL_H

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <mutex>
#include <thread>

#include "core/gateway.h"
#include "core/gateway_guard.h"
#include "core/gateway_options.h"
#include "core/gateway_tls.h"
#include "core/http/client.h"
#include "core/net/reactor.h"
#include "core/plugin_swaps.h"
#include "core/plugins/host.h"
#include "core/session/node.h"
#include "core/session/worker.h"

namespace gatewayd {

// One reactor with all that belongs to it, and its thread.
struct ReactorThread {
    ReactorCounters counters;
    std::unique_ptr<Reactor> reactor;
    std::unique_ptr<Worker> worker;
    std::thread thread;
};

class Gateway::Impl final : public HostServices {
    // The first member, so that what the others hold on to may ask it to the end.
    const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);

   public:
    Impl(Settings settings, boost::asio::io_context& control)
        : settings_(std::move(settings)),
          control_(control),
          deadline_(control),
          crash_reset_(control),
          plugin_timer_(control),
          admin_timer_(control),
          limits_(settings_.wsc.performance.max_connections_per_node,
                  settings_.wsc.performance.max_connections_per_address),
          guard_(settings_.plugins),
          http_(http_options(settings_.plugins.http)),
          plugins_(settings_.safe_mode ? PluginsSettings() : settings_.plugins, this),
          swaps_(&plugins_, &node_, &control_, poster()) {
        plugins_.set_signal(
            [this, post = poster()](uint64_t number) { post([this, number] { swaps_.left(number); }); });
        service_registry_.on_released(
            [this, post = poster()](const void*) { post([this] { swaps_.released(); }); });
        open_control_home();
    }
    ~Impl() override { stop_now(); }

    void check();
    void create_plugins();
    void start();
    void shutdown(std::function<void()> done);
    void stop_now();
    // `name` empty: the whole configuration.
    void reload(const std::string& name, PluginReloaded done);
    void reload_on_signal();

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
    Permissions& permissions() override { return node_.permissions; }
    void request_shutdown(std::string why) override;
    TimerService& timers() override { return node_.timers; }
    WorkService& works() override { return node_.works; }
    ServiceRegistry& service_registry() override { return service_registry_; }
    AdminRoutes& admin_routes() override { return admin_routes_; }
    MetricRegistry& metric_registry() override { return metric_registry_; }
    PluginEvents& plugin_events() override { return plugin_events_; }
    void adopt(const void* instance, const void* replaces) override;
    HttpService& http() override { return http_; }
    void withdraw(const void* instance) override {
        plugin_events_.forget(instance);
        tell(service_registry_.withdraw(instance));
    }
    void forget(const void* instance) override;
    void destroyed(const void* instance) override;

    bool kick(ConnectionHandle connection, std::string why, std::function<void(bool)> done);
    GatewayStats stats() const;
    std::vector<PluginStatus> plugins() const;
    // Hooks that the control thread calls.
    void emit(uint64_t event) {
        const CallScope turn = guard_.turn();
        plugins_.chain()->emit(event, nullptr);
    }
    // [any] A request for a plugin's route: its handler runs on the control thread.
    void call_admin_route(uint64_t route, AdminCall call, AdminRespond respond);
    std::shared_ptr<const Settings> settings_in_force() const {
        const std::lock_guard lock(in_force_mutex_);
        return in_force_;
    }
    TracePtr begin_trace(TraceOrder order);
    void end_trace(const TracePtr& trace, std::string_view why);

    // Posts to the control thread; does nothing when we are gone.
    PluginSwaps::Post poster() {
        return [&control = control_, alive = std::weak_ptr<const bool>(alive_)](std::function<void()> call) {
            boost::asio::post(control, [alive, call = std::move(call)] {
                if (!alive.expired()) call();
            });
        };
    }

    const Settings settings_;  // that it started with
    std::function<LoadResult()> settings_source_;
    std::vector<std::string> warnings_;
    boost::asio::io_context& control_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer crash_reset_;
    boost::asio::steady_timer plugin_timer_;  // the next of the plugins' timers on the control thread
    boost::asio::steady_timer admin_timer_;   // of the next answer that a plugin owes
    bool admin_timer_runs_ = false;
    NodeLimits limits_;
    std::unique_ptr<GatewayTls> tls_;  // null: plain; outlives the reactors
    Node node_;
    ServiceRegistry service_registry_;
    GatewayGuard guard_;  // outlives the plugins and the reactors
    HttpClient http_;     // outlives the plugins
    AdminRoutes admin_routes_;
    MetricRegistry metric_registry_;
    PluginEvents plugin_events_;
    PluginHost plugins_;
    std::vector<SkippedPlugin> unloaded_;  // in safe mode: those of the configuration
    PluginSwaps swaps_;
    std::vector<std::unique_ptr<ReactorThread>> threads_;
    std::function<void(std::string)> shutdown_handler_;
    std::function<void()> shutdown_done_;
    bool reload_again_ = false;  // SIGHUP came while a reload was under way
    bool created_ = false;
    bool plugins_started_ = false;
    std::atomic<bool> running_{false};
    std::atomic<bool> draining_{false};
    std::atomic<uint32_t> reactors_busy_{0};
    int64_t started_at_ms_ = 0;
    std::string listening_;

   private:
    void settle_permissions();
    void open_control_home();
    void run_control_timers();
    void tell_control_works();
    void deliver_plugin_events();
    void reload_all(const Settings& next, PluginReloaded done);
    void reload_one(const Settings& next, const std::string& name, PluginReloaded done);
    void put_in_force(Settings settings);
    void collect_warnings();
    bool retrace(const Identity& client, std::function<void()> then);
    void open_listeners();
    void run_threads();
    void finish_shutdown(bool in_time);
    // Until then a plugin must have answered; 0: nothing is owed.
    void await_admin_answers(uint64_t next_deadline_ns);
    // service.changed, to the plugins of the present chain.
    void tell(const ServiceRegistry::Changes& changes);
    void look_at_files();
    std::vector<std::string> identities() const;
    // [any] The control context outlives us: what it still holds when we are gone does nothing.
    template <typename Call>
    void post_to_control(Call call) {
        poster()(std::move(call));
    }

    mutable std::mutex in_force_mutex_;
    std::shared_ptr<const Settings> in_force_ = std::make_shared<const Settings>(settings_);  // guarded
};

}  // namespace gatewayd

#endif
