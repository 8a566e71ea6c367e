// gateway/harness.hpp - runs a plugin in a unit test: no gateway, no socket, no waiting. A whole test:
//
//     #include <gateway/harness.hpp>
//
//     gateway::harness::Plugin plugin("./hello.so");
//     plugin.create("limit: 3");                       // the plugin's `config` as YAML
//     plugin.start();
//     auto alice = plugin.connect();
//     auto request = alice.message(R"({"type":"text","to":"u2","content":"hello"})");
//     assert(request.outcome() == "passed" && request.field("content") == "hello, world");
//
// Link libgateway-harness (CMake: GatewayPlugin::harness; pkg-config: gateway-harness); any test framework
// will do. Messages, fields, configuration and limits are the gateway's own code. Threads are the test's:
// hooks run in the call that causes them, time stands still until advance_ms(), deferred requests go on in
// turn() or wait().
//
// What breaks a rule of the ABI is a *problem*: next() twice, a view or a handle kept after its hook (its
// bytes are overwritten, and poisoned under AddressSanitizer), a [conn] function on another thread, a slot
// without detach, a verdict that says something else than what was done. problems() lists them; a test that
// does not ask is aborted by the destructor when there are any.
//
// All objects belong to the test's thread. Connections and requests may outlive nothing: the plugin goes
// last.
#ifndef GATEWAY_HARNESS_HPP
#define GATEWAY_HARNESS_HPP

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gateway/ext/http.h"
#include "gateway/host.h"

#define GATEWAY_HARNESS_API __attribute__((visibility("default")))

namespace gatewayd::harness {
class Engine;
class Peer;
struct Flight;
struct AdminFlight;
}  // namespace gatewayd::harness

namespace gateway::harness {

// The plugin does not load, or the test asked for what cannot be (a message that is no JSON, a second start).
class GATEWAY_HARNESS_API Error : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// When the fake clock begins: 2026-01-01T00:00:00Z.
inline constexpr int64_t start_time_ms = 1767225600000;

struct Client {
    std::string client_id = "c1";
    std::string user_id = "u1";
    std::string user_type = "customer";
    std::string remote_address = "192.0.2.1:52110";
    std::map<std::string, std::string> attributes;  // as handshake plugins left them
};

struct Handshake {
    std::string path = "/ws";
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> query;
    std::vector<std::string> protocols;  // Sec-WebSocket-Protocol: what the client offers
    std::string remote_address = "192.0.2.1:52110";
};

struct Destination {
    uint32_t kind = GW_DEST_NONE;  // GW_DEST_
    std::string id;
    bool not_sender = false;
};
struct Rejection {
    int32_t status = 0;  // 0: not rejected
    std::string word;
    std::string why;
};
struct Published {
    Destination to;
    std::string message;
};
struct Emitted {
    std::string name;
    std::string json;
};
struct Closing {
    int32_t code = 0;  // 0: not closed by the plugin
    std::string reason;
};

// What the plugin asks of a back end by gw.http/1.
struct HttpRequest {
    std::string method;
    std::string url;
    std::map<std::string, std::string> headers;
    std::string body;
    uint32_t timeout_ms = 0;
};
struct HttpAnswer {
    int32_t status = 200;
    std::string body;
    std::map<std::string, std::string> headers;
    uint32_t after_ms = 0;  // of the fake clock; from the request's timeout_ms on: GW_HTTP_TIMEOUT then
    int32_t outcome = GW_HTTP_OK;  // another: no answer but this failure
    std::string error;             // of the failure, in words
};

// What an HTTP route of the plugin answered. status 0: nothing yet; 404 and 405: there is no such route.
struct AdminAnswer {
    int status = 0;
    std::string content_type;
    std::string body;
    std::string allow;  // of 405
};
struct MetricValue {
    bool exists = false;   // false: no such metric, or no series with these labels
    double value = 0;      // of a histogram: the sum
    uint64_t samples = 0;  // of a histogram
};

// One request on its way; a copy is the same request.
class GATEWAY_HARNESS_API Request {
   public:
    // What became of it: "passed" (reached the end of the chain), "answered" (claimed, too), "rejected",
    // "dropped", "failed" (on_error of the YAML decides), "cancelled" (its connection went). Not yet:
    // "pending", or "unread" behind a pending one of the same connection.
    std::string outcome() const;
    int32_t status() const;  // the same as a GW_ST_ or GW_E_, as an outer plugin's done() gets it
    bool seen() const;       // false: the plugin did not want to see it

    std::string payload() const;
    // The text of a field; "" when there is none. json() gives any value as JSON.
    std::string field(const std::string& name) const;
    std::string json(const std::string& name) const;
    Destination destination() const;
    std::vector<std::string> answers() const;
    Rejection rejection() const;
    std::string response_header(const std::string& name) const;  // handshake; "" when there is none

    // pending: waits until a thread of the plugin resumed it, and lets it go on. False: not within this real
    // time.
    bool wait(int real_time_limit_ms = 10000);
    // pending behind Plugin::hold_rest(): the rest of the chain ends with a GW_ST_ or GW_E_.
    void end_rest(int32_t status);

   private:
    friend class Plugin;
    friend class Connection;
    Request(gatewayd::harness::Engine* engine, std::shared_ptr<gatewayd::harness::Flight> flight)
        : engine_(engine), flight_(std::move(flight)) {}
    gatewayd::harness::Engine* engine_;
    std::shared_ptr<gatewayd::harness::Flight> flight_;
};

// One connected client; a copy is the same client.
class GATEWAY_HARNESS_API Connection {
   public:
    gw_conn_id id() const;
    bool attached() const;  // false: Attach wanted nothing of it
    bool open() const;      // false: disconnected, or the plugin closed it
    void* slot() const;

    Request message(const std::string& json);  // from this client, in the chain
    Request frame(const std::string& bytes, bool binary = false);
    Request deliver(const std::string& json);  // on its way to this client, with its stamps
    // An event about this client that none of the above causes: GW_EV_ERROR.
    void event(uint64_t type, int32_t code = 0, const std::string& reason = {});

    std::vector<std::string> sent() const;  // by the plugin: send()
    Closing closing() const;
    std::string attribute(const std::string& name) const;
    // Now, whatever is pending: on_cancel, done, client.disconnected, detach, in this order.
    void disconnect(int32_t code = 1000, const std::string& reason = "client_close");

   private:
    friend class Plugin;
    Connection(gatewayd::harness::Engine* engine, std::shared_ptr<gatewayd::harness::Peer> peer)
        : engine_(engine), peer_(std::move(peer)) {}
    gatewayd::harness::Engine* engine_;
    std::shared_ptr<gatewayd::harness::Peer> peer_;
};

// One HTTP request to a route of the plugin; a copy is the same request.
class GATEWAY_HARNESS_API AdminRequest {
   public:
    AdminAnswer answer() const;
    bool wait(int real_time_limit_ms = 10000);  // until it is answered; false: not within this real time

   private:
    friend class Plugin;
    AdminRequest(gatewayd::harness::Engine* engine, std::shared_ptr<gatewayd::harness::AdminFlight> flight)
        : engine_(engine), flight_(std::move(flight)) {}
    gatewayd::harness::Engine* engine_;
    std::shared_ptr<gatewayd::harness::AdminFlight> flight_;
};

class GATEWAY_HARNESS_API Plugin {
   public:
    // Loads the file as the gateway does, with all that it refuses. Throws Error.
    explicit Plugin(const std::string& file);
    ~Plugin();  // end(); aborts, with a list, when there are problems that nobody asked for
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    // `config` of the plugin's entry in plugins.load; errors of the plugin name places as "test.yaml:2:9".
    void create(const std::string& yaml = {}, const std::string& folder = ".");     // throws Error: why not
    std::string refusal(const std::string& yaml, const std::string& folder = ".");  // "": it was created
    void start();                                                                   // throws Error
    std::string start_refusal();                                                    // "": it was started
    // As the gateway ends: quiesce, pending requests cancelled (GW_WHY_DRAIN), connections gone, stop,
    // destroy.
    void end();

    // What it said of itself, after create().
    std::string name() const;
    uint32_t kinds() const;   // GW_KIND_ bits
    uint64_t events() const;  // GW_EV_ bits
    uint32_t stage() const;   // GW_STAGE_
    // on_error: open, instead of closed: what fails goes on to the rest of the chain. Before create().
    void fail_open();

    Connection connect(const Client& client = {});
    Request handshake(const Handshake& handshake = {});
    Connection accept(const Request& handshake);  // of a handshake that passed: the connection
    Request publish(const std::string& json, const Destination& to = {GW_DEST_ALL, {}, false});
    void event(uint64_t type, int32_t code = 0, const std::string& reason = {});  // about no connection

    // --- time and threads ---
    int64_t wall_time_ms() const;
    void advance_ms(uint64_t ms);  // deadlines on the way fire, in their order
    void turn();                   // what threads asked for happens: resumed requests go on, completions run
    size_t timers() const;  // of gw.timer/1, that were started and have not ended; the clock drives them
    // Works of gw.work/1 that wait. They run when the test says so, on a thread that the call waits for, and
    // come back in turn(); come_back false: the test calls that, after a disconnect for example. wait() and
    // wait_for() run them, too.
    size_t works() const;
    void run_works(bool come_back = true);
    // turn() until condition() is true. False: not within this real time.
    bool wait_for(const std::function<bool()>& condition, int real_time_limit_ms = 10000);

    // --- the host, made difficult ---
    // What the rest of the chain makes of a request that gets there: a GW_ST_ or GW_E_. At first
    // GW_ST_PASSED.
    void rest_is(int32_t status);
    // The rest defers: requests that get there are pending until Request::end_rest().
    void hold_rest(bool held = true);
    // A host function, by its name in gw_host, or as "service.acquire" one of an optional capability, answers
    // this error, and does nothing else; GW_OK: works again.
    void refuse(const std::string& function, int32_t error);
    // An older gateway: the function, or the optional capability ("gw.service/1"), is missing. Before
    // create().
    void lack(const std::string& function);
    // defer() finds that the resume has come before it returned.
    void resume_early(bool early = true);
    // What the YAML says under wsc.security.permissions of a rule; a later word counts. User types that no
    // client of the test has yet may stand there too.
    void permit(const std::string& rule, const std::vector<std::string>& user_types);

    // extension() answers this table for this name: "gw.timer/1"; null: this host has none.
    void offer(const std::string& name, const void* table);

    // --- services (gateway/ext/service.h) ---
    // Another plugin offers this table under this name; null: none does any more. When the plugin runs it is
    // told: service.changed. The table must outlive the plugin.
    void offer_service(const std::string& name, const void* table);
    // What is offered under this name, by the plugin (once it is started) or by the test; null: nothing.
    const void* service(const std::string& name) const;
    // The plugin has acquired this table of offer_service() and not released it.
    bool holds_service(const void* table) const;

    // --- events of plugins (gateway/ext/event.h) ---
    // Another plugin emits: the plugin, if it listens, hears it in turn().
    void emit(const std::string& name, const std::string& json, const std::string& emitter = "another");
    // What the plugin emitted. Some other plugin listens to everything, unless the test says false.
    std::vector<Emitted> emitted() const;
    void somebody_listens(bool yes);

    // --- HTTP routes and metrics (gateway/ext/admin.h, metrics.h) ---
    // As the admin listener calls a route, API key checked: "/customers/u1?x=1" is the plugin's own path,
    // "/api/v1/..." a whole one. The answer may come later: within 9 s of the test's clock, else it is 503.
    AdminRequest admin(const std::string& method, const std::string& target, const std::string& body = {});
    // By the name that the plugin gave it.
    MetricValue metric(const std::string& name, const std::map<std::string, std::string>& labels = {}) const;

    // The back end that gw.http/1 reaches: one answer for every request, or what the handler makes of each.
    // It comes in turn() or wait(), after `after_ms`. Without either: GW_HTTP_CONNECT, nobody listens.
    void http_answer(const HttpAnswer& answer);
    void http_answer(int32_t status, const std::string& body);
    void http_handler(std::function<HttpAnswer(const HttpRequest&)> handler);

    // --- what the plugin did ---
    std::vector<HttpRequest> http_requests() const;
    std::vector<std::string> log() const;  // "warn: text"
    std::vector<Published> published() const;
    std::vector<std::string> topics(const Connection& connection) const;
    std::string shutdown_reason() const;  // "": none was asked for
    std::vector<std::string> problems() const;

    gatewayd::harness::Engine& engine() { return *engine_; }

   private:
    std::unique_ptr<gatewayd::harness::Engine> engine_;
};

}  // namespace gateway::harness

#endif
