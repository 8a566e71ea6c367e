// Time: requests that were put aside go on, end at their deadline, or with their connection; and the rest of
// the chain, which a test may hold.
#include <algorithm>
#include <utility>

#include "core/harness/engine.h"
#include "core/plugins/host_table.h"

namespace gatewayd::harness {
namespace {

constexpr uint64_t ns_per_ms = 1'000'000;
constexpr uint32_t handshake_time_ms = 10000;  // wsc.performance.handshake_timeout, as it is by default

// --- the interceptor behind the plugin ---

int32_t rest_intercept(void* self, void*, gw_ctx*, gw_req* req, gw_next* next) {
    Engine& engine = *static_cast<Engine*>(self);
    Flight& flight = *engine.flight_of(from_abi(req));
    flight.rest_status = engine.rest_status;
    if (engine.rest_held && flight.deferral_terms().table) {
        return host_table()->defer(next, 0, nullptr, &flight.rest_token) == GW_OK ? GW_PENDING : GW_E_FAIL;
    }
    switch (engine.rest_status) {
        case GW_ST_ANSWERED:
            return GW_DONE;
        case GW_ST_DROPPED:
            return GW_DROP;
        default:
            return GW_CONTINUE;  // finish() gives the status
    }
}

int32_t rest_on_resume(void* self, void*, gw_ctx*, gw_req* req, gw_next*, void*) {
    const int32_t status = static_cast<Engine*>(self)->flight_of(from_abi(req))->rest_status;
    return status == GW_ST_ANSWERED ? GW_DONE : status == GW_ST_DROPPED ? GW_DROP : GW_CONTINUE;
}

void rest_on_cancel(void*, void*, gw_ctx*, const gw_req*, void*, int32_t) {}

}  // namespace

void Engine::make_chain() {
    instance_.interceptor->fails_open = fails_open;
    rest_ = std::make_shared<Interceptor>();
    rest_->name = "the rest";
    rest_->self = this;
    rest_->instance = rest_.get();
    rest_->lineage = rest_.get();
    rest_->kinds = GW_KIND_HANDSHAKE | GW_KIND_FRAME | GW_KIND_MESSAGE | GW_KIND_PUBLISH | GW_KIND_DELIVERY;
    rest_->table.intercept = rest_intercept;
    rest_->table.on_resume = rest_on_resume;
    rest_->table.on_cancel = rest_on_cancel;
    chain_ = std::make_shared<InterceptorChain>(
        std::vector<std::shared_ptr<const Interceptor>>{instance_.interceptor, rest_});
}

void Engine::end_rest(const FlightPtr& flight, int32_t status) {
    if (flight->outcome != "pending" || flight->rest_token.generation == 0) {
        throw gateway::harness::Error("the rest of the chain does not hold this request: it is " +
                                      flight->outcome);
    }
    flight->rest_status = status;
    deferrals_.resume(rest_.get(), std::exchange(flight->rest_token, gw_token{0, 0}));
    turn();
}

Request::DeferralTerms Flight::deferral_terms() {
    if (!engine || kind == GW_KIND_PUBLISH || kind == GW_KIND_DELIVERY) return {};
    return {&engine->deferrals(), 0,
            to_ticks(kind == GW_KIND_HANDSHAKE ? handshake_time_ms : max_deferral_ms)};
}

void Flight::over(int32_t end) {
    engine->settle(engine->flight_of(request.get()), end);
}

FlightPtr Engine::flight_of(const Request* request) const {
    return flights_.at(request);
}

// --- tokens ---

void Engine::gave_token(gw_token token) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        tokens_[token.generation] = false;
    }
    if (resumes_early) deferrals_.resume(&instance_, token);
}

void Engine::look_at_resume(gw_token token) {
    std::string what;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = tokens_.find(token.generation);
        if (found == tokens_.end()) {
            what = "resume() of a token that defer() never gave out";
        } else if (std::exchange(found->second, true)) {
            what = "resume() of a token for the second time";
        }
    }
    if (!what.empty()) problem(what);
}

void Engine::gave_cancellable(gw_token token) {
    const std::lock_guard<std::mutex> lock(mutex_);
    cancellable_.insert(token.generation);
}

void Engine::look_at_cancel(const char* function, gw_token token) {
    bool known = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        known = cancellable_.count(token.generation) != 0;
    }
    if (!known) problem(std::string(function) + "() of a token that start() never gave out");
}

// --- timers and works ---

void Engine::open_home() {
    ConnectionTimers::Home home;
    home.post = [this](std::function<void()> letter, bool) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            letters_.push_back(std::move(letter));
        }
        wake();
        return true;
    };
    home.find = [this](gw_conn_id conn) -> Context* {
        for (const PeerPtr& peer : peers_) {
            if (peer->conn_id().generation == conn.generation) return peer.get();
        }
        return nullptr;
    };
    hub_.set_home(now_ns, std::move(home));
}

void Engine::read_letters() {
    std::vector<std::function<void()>> letters;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        letters.swap(letters_);
    }
    for (const std::function<void()>& letter : letters)
        letter();
}

// One that the running ones start waits for the next time.
void Engine::run_works() {
    const uint64_t waiting = hub_.pool().numbers().waiting;
    if (waiting == 0) return;
    std::thread worker([&] {
        for (uint64_t i = 0; i < waiting; ++i)
            hub_.pool().run_next();
    });
    worker.join();
}

// --- time ---

void Engine::turn() {
    go_on();
    read_letters();
    hub_.all_timers().control.run();
    hub_.tell_works();
    hub_.plugin_events().deliver_all();
    while (hub_.fake_http().answer_due())
        go_on();
    for (PublishDone& done : hub_.take_completions()) {
        HookCall call(this, "a completion of publish", {});
        done({Status(), "", 1});
    }
    for (const auto& [number, why] : hub_.take_kicks()) {
        for (const PeerPtr& peer : std::vector<PeerPtr>(peers_)) {
            if (peer->conn_id().generation == number) disconnect(peer, 1008, "kicked");
        }
    }
    after_hooks();
}

void Engine::go_on() {
    deferrals_.take_resumed([this](Deferral& deferral) {
        const FlightPtr flight = flight_of(deferral.request);  // lives while its chain runs
        InterceptorChain::resume(deferral);
    });
}

void Engine::tick() {
    hub_.admin_routes().expire(now_ns());
    deferrals_.tick([this](Deferral& deferral) {
        const FlightPtr flight = flight_of(deferral.request);
        InterceptorChain::expire(deferral);
    });
    hub_.all_timers().connections[0].tick();
}

// The next thing that happens by itself, seen from now.
uint64_t Engine::ms_to_next() const {
    const uint64_t to_tick = tick_ms - ms_of_tick_;
    const uint64_t due_ns = hub_.all_timers().control.next_due_ns();
    if (due_ns == 0) return to_tick;
    const uint64_t now = now_ns();
    const uint64_t to_timer = due_ns > now ? (due_ns - now + ns_per_ms - 1) / ns_per_ms : 1;
    return std::min(to_tick, to_timer);
}

void Engine::advance_ms(uint64_t ms) {
    turn();
    while (ms > 0) {
        const uint64_t step = std::min(ms, ms_to_next());
        pass_ms(step);
        ms -= step;
        ms_of_tick_ = (ms_of_tick_ + step) % tick_ms;
        if (ms_of_tick_ == 0) tick();
        turn();
    }
}

void Engine::abandon_all(const Peer* peer, int32_t why) {
    std::vector<FlightPtr> waiting;
    for (const auto& [request, flight] : flights_) {
        if (request->deferral && (why == GW_WHY_DRAIN || flight->peer.get() == peer))
            waiting.push_back(flight);
    }
    for (const FlightPtr& flight : waiting) {
        InterceptorChain::abandon(*flight->request, why);
        settle(flight, GW_E_CANCELLED);
    }
}

}  // namespace gatewayd::harness
