// FakeHub: the gateway behind the host functions of a plugin under test: it takes what is published,
// subscribed, kicked, and answers from the test's connections. Any thread; the lock is its own.
#ifndef GATEWAYD_CORE_HARNESS_SERVICES_H
#define GATEWAYD_CORE_HARNESS_SERVICES_H

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/async/timers.h"
#include "core/async/work_pool.h"
#include "core/chain/deferrals.h"
#include "core/harness/fake_http.h"
#include "core/plugins/services.h"
#include "gateway/harness.hpp"

namespace gatewayd::harness {

class FakeHub final : public HostServices {
   public:
    // --- HostServices ---
    Status publish(PublishOrder order, PublishDone done) override;
    bool subscribe(ConnectionHandle connection, std::string topic, bool join) override;
    bool kick(ConnectionHandle connection, std::string why) override;
    IdentityPtr find_client(std::string_view client_id) override;
    std::vector<IdentityPtr> clients_of_user(std::string_view user_id, size_t limit) override;
    std::vector<IdentityPtr> list_clients(uint64_t* cursor, size_t limit) override;
    void fill_stats(gw_stats* out) override;
    int32_t resume(const void* instance, gw_token token) override;
    Permissions& permissions() override { return permissions_; }
    void request_shutdown(std::string why) override;
    TimerService& timers() override { return timers_; }
    WorkService& works() override { return works_; }
    ServiceRegistry& service_registry() override { return service_registry_; }
    AdminRoutes& admin_routes() override { return admin_routes_; }
    MetricRegistry& metric_registry() override { return metric_registry_; }
    PluginEvents& plugin_events() override { return plugin_events_; }
    const MetricRegistry& metric_registry() const { return metric_registry_; }
    void adopt(const void* instance, const void* replaces) override;
    void withdraw(const void* instance) override { plugin_events_.forget(instance); }
    void forget(const void* instance) override;
    void destroyed(const void* instance) override;
    HttpService& http() override { return http_; }

    // --- the test's side ---
    FakeHub();
    void know_user_type(const std::string& user_type);
    void set_deferrals(Deferrals* deferrals) { deferrals_ = deferrals; }
    void add(uint64_t number, const gateway::harness::Client& who, int64_t connected_at_ms);
    void remove(uint64_t number);
    std::vector<PublishDone> take_completions();
    void forget_published();  // what was published, and its completions
    std::map<uint64_t, std::string> take_kicks();
    std::vector<gateway::harness::Published> published() const;
    std::vector<std::string> topics(uint64_t number) const;
    std::string shutdown_reason() const;
    // gw.event/1 (host_event.cc): another plugin, which hears all or nothing.
    void listens(bool yes);
    void heard(std::string_view name, std::string_view json);
    std::vector<gateway::harness::Emitted> emitted() const;
    FakeHttp& fake_http() { return http_; }
    uint64_t messages = 0;
    Timers& all_timers() { return timers_; }
    const Timers& all_timers() const { return timers_; }
    WorkPool& pool() { return works_; }
    // Where the connections are, for what comes back to them.
    void set_home(uint64_t (*now_ns)(), ConnectionTimers::Home home);
    void tell_works();
    void end_connection(Context& context) {
        timers_.connections[0].end_connection(context, nullptr);
        works_.end_connection(context, nullptr);
    }

   private:
    ServiceRegistry service_registry_;
    AdminRoutes admin_routes_;
    MetricRegistry metric_registry_;
    PluginEvents plugin_events_;
    CallbackOwner hearer_;
    Deferrals* deferrals_ = nullptr;
    Permissions permissions_;
    std::vector<std::string> user_types_{"customer", "agent", "admin"};
    Timers timers_;
    WorkPool works_;
    std::function<Context*(gw_conn_id)> find_;
    FakeHttp http_;
    mutable std::mutex mutex_;
    std::map<uint64_t, IdentityPtr> clients_;
    std::map<uint64_t, std::set<std::string>> topics_;
    std::map<uint64_t, std::string> kicks_;
    std::vector<gateway::harness::Published> published_;
    std::vector<PublishDone> completions_;
    std::vector<gateway::harness::Emitted> emitted_;
    std::string shutdown_reason_;
    uint64_t total_ = 0;
};

}  // namespace gatewayd::harness

#endif
