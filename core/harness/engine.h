// Engine: one plugin under test in a chain of the gateway's own (core/chain): before it nothing, behind it a
// scripted rest. It stands between the two in both directions: hooks get handles and copies that die with
// them (HookCall), host functions go through checked ones (host_*.cc here) to the host table of core/plugins.
// The test's thread; log, problems and what [any] functions reach are guarded.
#ifndef GATEWAYD_CORE_HARNESS_ENGINE_H
#define GATEWAYD_CORE_HARNESS_ENGINE_H

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "core/harness/flight.h"
#include "core/harness/handle.h"
#include "core/harness/hook_call.h"
#include "core/harness/services.h"
#include "core/message/ulid.h"
#include "core/plugins/instance.h"
#include "gateway/harness.hpp"

namespace gatewayd::harness {

using FlightPtr = std::shared_ptr<Flight>;
using PeerPtr = std::shared_ptr<Peer>;

// An HTTP request of a test; the answer may come from a thread of the plugin.
struct AdminFlight {
    std::mutex mutex;
    gateway::harness::AdminAnswer answer;
};

class Engine {
   public:
    explicit Engine(const std::string& file);  // throws gateway::harness::Error
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // --- the plugin's life ---
    std::string create(const std::string& yaml, const std::string& folder);  // "", or why not
    std::string create(ConfigNodePtr config);
    std::string start();
    void end();
    const PluginNote& note() const { return instance_.library->note(); }
    std::string name() const { return instance_.interceptor ? instance_.interceptor->name : std::string(); }
    uint32_t kinds() const { return instance_.interceptor ? instance_.interceptor->kinds : 0; }
    uint64_t events() const { return instance_.interceptor ? instance_.interceptor->events : 0; }
    bool fails_open = false;

    // --- traffic ---
    PeerPtr connect(const gateway::harness::Client& client);
    void open(const PeerPtr& peer);  // attach, connected
    void disconnect(const PeerPtr& peer, int32_t code, const std::string& reason);
    FlightPtr send(uint32_t kind, const PeerPtr& peer, const std::string& text, bool binary = false);
    FlightPtr publish(const std::string& json, const gateway::harness::Destination& to);
    FlightPtr handshake(const gateway::harness::Handshake& handshake);
    PeerPtr accept(const FlightPtr& flight);
    void emit(uint64_t type, Peer* peer, int32_t code, const std::string& reason);
    void end_rest(const FlightPtr& flight, int32_t status);
    // The request has ended.
    void settle(const FlightPtr& flight, int32_t status);
    FlightPtr flight_of(const Request* request) const;

    // --- time and threads ---
    static uint64_t now_ns();
    static int64_t wall_time_ms();
    void advance_ms(uint64_t ms);
    void turn();
    bool wait_for(const std::function<bool()>& condition, int real_time_limit_ms);
    void wake();  // [any]
    Deferrals& deferrals() { return deferrals_; }
    // Works of gw.work/1: all that wait run, one after the other, on a thread of their own; what comes back
    // is told in turn().
    void run_works();

    // --- the script ---
    int32_t rest_status = GW_ST_PASSED;
    bool rest_held = false;
    bool resumes_early = false;
    std::map<std::string, const void*> extensions;
    void refuse(const std::string& function, int32_t error);
    void lack(const std::string& function);
    // GW_OK unless the test wants an error of this host function.
    int32_t refusal_of(const char* function) const;

    // --- gw.service/1 (host_service.cc) ---
    void offer_service(const std::string& name, const void* table);
    const void* service(const std::string& name);
    bool holds_service(const void* table);

    // --- gw.event/1 (host_event.cc) ---
    void emit_event(const std::string& name, const std::string& json, const std::string& emitter);

    // --- gw.admin/1 (host_admin.cc) and gw.metrics/1 (host_metrics.cc) ---
    std::shared_ptr<AdminFlight> admin(const std::string& method, const std::string& target,
                                       const std::string& body);
    void keep(std::shared_ptr<void> thing);  // until the engine goes
    gateway::harness::MetricValue metric(const std::string& name,
                                         const std::map<std::string, std::string>& labels) const;

    // --- what happened ---
    void problem(const std::string& what);                 // [any]
    void add_log(int32_t level, const std::string& text);  // [any]
    std::vector<std::string> log() const;
    std::vector<std::string> problems();  // and from now on they count as known
    std::vector<std::string> unknown_problems() const;
    FakeHub& hub() { return hub_; }
    const FakeHub& hub() const { return hub_; }
    void hook_begins(const std::string& name);
    void hook_ends(const std::string& name);
    std::function<void(const std::string& name, bool begins)> watch_hooks;  // empty: nobody

    // --- for the checked host functions ---
    PluginInstance* instance() { return &instance_; }
    gw_inst* inst() { return reinterpret_cast<gw_inst*>(inst_handle_); }
    bool creating() const { return creating_; }
    bool owns(const ConfigNode* node) const;
    // A token that the plugin got, and one that it resumes: never given out, or resumed twice, is a problem.
    void gave_token(gw_token token);
    void look_at_resume(gw_token token);  // [any]
    // The same of timers and works, and of cancelling them.
    void gave_cancellable(gw_token token);                      // [any]
    void look_at_cancel(const char* function, gw_token token);  // [any]
    bool is_created() const { return created_; }
    gw_str give_for_life(std::string_view text);  // until destroy

   private:
    friend struct Trampolines;  // hooks.cc

    std::string ask_interceptor();
    std::string missing_service();  // that create() required; empty: none
    void make_chain();
    void go_on();  // what was resumed
    void open_home();
    void read_letters();
    static void pass_ms(uint64_t ms);
    uint64_t ms_to_next() const;
    void tick();  // one of the gateway's, of 100 ms
    gw_interceptor trampolines(const gw_interceptor& plugin) const;
    // Cancels what the plugin put aside: of this connection; null: of none.
    void abandon_all(const Peer* peer, int32_t why);
    FlightPtr make(uint32_t kind, PeerPtr peer, std::string text);
    void fly(const FlightPtr& flight);
    void after_hooks();
    void read_on(const PeerPtr& peer);
    void stamp(Flight* flight);
    // create and start: their error as text.
    std::string control(const char* name, const std::function<int32_t(gw_error*)>& call);
    void control(const char* name, const std::function<void()>& call);

    PluginInstance instance_;
    FakeHub hub_;
    gw_host table_{};  // what the plugin sees
    Handle* inst_handle_ = nullptr;
    void* self_ = nullptr;
    bool creating_ = false;
    bool created_ = false;
    bool started_ = false;
    ConfigNodePtr config_;
    std::shared_ptr<Interceptor> rest_;
    std::shared_ptr<const InterceptorChain> chain_;
    std::vector<PeerPtr> peers_;
    std::map<const Request*, FlightPtr> flights_;  // not yet over
    Deferrals deferrals_;
    uint64_t last_number_ = 0;
    uint64_t ms_of_tick_ = 0;  // that have passed of the next tick
    Rfc3339Clock dates_;
    std::vector<TextYard::Text> texts_for_life_;
    std::map<std::string, const void*> offered_;  // services of other plugins
    std::vector<std::shared_ptr<void>> kept_;

    mutable std::mutex mutex_;
    std::condition_variable woken_;
    std::vector<std::string> log_;
    std::vector<std::string> problems_;
    size_t known_problems_ = 0;
    std::map<std::string, int32_t> refusals_;
    std::map<uint64_t, bool> tokens_;  // by generation: resumed by the plugin
    std::set<uint64_t> cancellable_;   // generations of timers and works
    std::vector<std::function<void()>> letters_;
};

// The table of checked host functions, for an engine to copy.
const gw_host& checked_table();
// Where a function stands in gw_host, by its name; throws Error: there is none.
size_t offset_of_function(const std::string& name);

}  // namespace gatewayd::harness

#endif
