// Gateway: puts the parts together: settings -> plugins -> reactors -> listening; and takes them apart again.
// The facade for main and the admin listener.
//
// start(), shutdown() and the destructor belong to the control thread, which runs `control`; everything that
// is marked [any] may be called from any thread between start() and the destructor.
#ifndef GATEWAYD_CORE_GATEWAY_H
#define GATEWAYD_CORE_GATEWAY_H

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/counters.h"
#include "core/chain/breaker.h"
#include "core/chain/permissions.h"
#include "core/chain/plugin_stats.h"
#include "core/chain/publish.h"
#include "core/chain/trace.h"
#include "core/config/loader.h"
#include "core/config/settings.h"
#include "core/http/service.h"
#include "core/hub/identity.h"
#include "core/net/tls_certificate.h"
#include "core/plugin_reload.h"
#include "core/plugins/admin_routes.h"
#include "core/plugins/metric_registry.h"
#include "core/plugins/plugin_events.h"

namespace gatewayd {

// Why the gateway did not start, in words that name the key to change. Exit status 2.
class StartError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

struct GatewayStats {
    bool enabled = false;  // wsc.enabled
    bool safe_mode = false;
    bool running = false;  // the listener accepts
    bool draining = false;
    bool identities_verified = false;  // an auth plugin is loaded
    std::string node_id;
    std::string listening;  // "ws://0.0.0.0:8081", "wss://..."; empty when not enabled
    int64_t started_at_ms = 0;
    uint64_t current_connections = 0;  // accepted handshakes that are open
    uint64_t total_connections = 0;
    uint64_t total_messages_received = 0;
    uint64_t total_messages_sent = 0;
    uint64_t stuck_now = 0;                                     // threads that the watchdog finds stuck
    uint64_t stuck_total = 0;                                   // how often it did
    bool tls = false;                                           // wsc.tls.cert is set
    std::array<uint64_t, tls_version_count> tls_connections{};  // now, by TlsVersion
};

struct PluginStatus {
    // A generation that is not the newest any more.
    struct Draining {
        uint32_t generation = 0;
        std::string version;
        uint64_t connections = 0;  // that are still attached to it
    };
    std::string name;
    std::string id;       // from its note
    std::string version;  // from its note
    std::string path;
    std::vector<std::string> kinds;
    bool loaded = true;
    std::string why_not;            // of one that is not
    uint32_t crashes = 0;           // in a row, of its file
    uint64_t stuck = 0;             // how often it held a thread up
    std::string state = "running";  // "draining": no newer one; "restarting"; "failed": on_error answers
    uint32_t generation = 1;
    uint64_t connections = 0;        // in chains that have it
    std::vector<Draining> draining;  // oldest first
    uint32_t hooks = 0;              // that it has: a bit for each Hook
    // Of all its generations:
    PluginTotals totals;
    uint64_t swapped = 0;       // generations that took the place of another, or came
    uint64_t failed = 0;        // generations that did not come
    PluginEventNumbers events;  // gw.event/1, since the gateway began
    // Only with budget_ms:
    bool has_budget = false;
    BreakerState breaker = BreakerState::closed;
    uint64_t breaker_opened = 0;  // times
};

class Gateway {
   public:
    Gateway(Settings settings, boost::asio::io_context& control);
    ~Gateway();  // stops at once what shutdown() did not stop
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // For `gatewayd check`: loads and creates every plugin, binds nothing, starts nothing. Throws StartError.
    void check();
    // Returns when the listener accepts. Throws StartError.
    void start();
    // Stops accepting, says 1001 to everyone, flushes; calls `done` on the control thread when everyone is
    // gone or shutdown_timeout is over and all is stopped. Later calls only add nothing.
    void shutdown(std::function<void()> done);
    // A plugin asked for the end: called on the control thread. Set before start().
    void on_shutdown_request(std::function<void(std::string why)> handler);
    // Where reload() gets the configuration as it is now. Before start().
    void set_settings_source(std::function<LoadResult()> source);
    // SIGHUP: reads the files of wsc.tls and the configuration again, without a connection noticing; says in
    // the log what it did. What is not valid changes nothing.
    void reload();
    // [any] The same, and of one plugin alone: a new generation, of its file and entry as they are now.
    void reload(PluginReloaded done);
    void reload_plugin(std::string name, PluginReloaded done);
    // SIGUSR1: tells plugins to reopen their files.
    void reopen_files();

    // [any] What is in force now: a reload changes it.
    std::shared_ptr<const Settings> settings() const;
    // What is worth a warning about these settings ("identities are not verified: ..."); known after check()
    // or start(). [any]
    const std::vector<std::string>& warnings() const;
    bool ready() const;  // [any] listening and not draining

    // [any] the Hub. `done` must not be empty.
    void publish(PublishOrder order, PublishDone done);
    // Closes with 1008 `kicked`; done(false) when there is no such client. done is called on any thread.
    void kick(std::string_view client_id, std::string why, std::function<void(bool found)> done);
    IdentityPtr find_client(std::string_view client_id) const;
    std::vector<IdentityPtr> clients_of_user(std::string_view user_id, size_t limit) const;
    // *cursor: 0 begins; 0 again after the last page.
    std::vector<IdentityPtr> list_clients(uint64_t* cursor, size_t limit) const;

    // Routes of plugins on the admin listener. The listener's own paths ("/api/v1/clients/{id}") are reserved
    // before check() or start(); the others are [any].
    void reserve_admin_routes(const std::vector<std::string>& paths);
    AdminRoutes::Found find_admin_route(std::string_view method, const std::vector<std::string>& parts) const;
    // `respond` is called once, on any thread, if the gateway does not end before.
    void call_admin_route(uint64_t route, AdminCall call, AdminRespond respond);
    // [any] Shows what happens on this client's connection, now or once it comes, until end_trace(). Null:
    // there are max_traces already.
    TracePtr begin_trace(TraceOrder order);
    void end_trace(const TracePtr& trace, std::string_view why);

    // [any] numbers
    GatewayStats stats() const;
    std::vector<const ReactorCounters*> counters() const;  // one a reactor
    std::vector<PluginStatus> plugins() const;             // in the chain's order, then those left out
    std::vector<Permissions::Rule> permissions() const;    // who may do what
    HttpNumbers http() const;                              // what plugins ask of back ends
    std::vector<TlsCertificateInfo> certificates() const;  // in use; none without TLS
    std::vector<PluginMetric> plugin_metrics() const;      // of plugins' own, by name

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatewayd

#endif
