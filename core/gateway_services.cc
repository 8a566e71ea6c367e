// Gateway::Impl as plugins and back ends see it. [any]
#include <chrono>
#include <future>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/chain/trace_line.h"
#include "core/gateway_impl.h"
#include "core/guard/thread_guard.h"
#include "gateway/ext/service.h"

namespace gatewayd {

bool Gateway::Impl::subscribe(ConnectionHandle connection, std::string topic, bool join) {
    Worker* worker = node_.worker_of(connection);
    return worker && worker->change_topic(connection, topic, join);
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

void Gateway::Impl::adopt(const void* instance, const void* replaces) {
    admin_routes_.commit(instance, replaces);
    plugin_events_.commit(instance, replaces);
    tell(service_registry_.commit(instance, replaces));
}

void Gateway::Impl::destroyed(const void* instance) {
    metric_registry_.destroyed(instance);
    for (const std::string& service : service_registry_.destroyed(instance)) {
        log::error("a plugin was destroyed and had not released a service", {{"service", service}});
    }
}

void Gateway::Impl::call_admin_route(uint64_t route, AdminCall call, AdminRespond respond) {
    post_to_control([this, route, call = std::move(call), respond = std::move(respond)] {
        const CallScope turn = guard_.turn();
        const uint64_t now_ns = monotonic_now_ns();
        admin_routes_.call(route, call, now_ns, respond);
        if (!admin_timer_runs_) await_admin_answers(admin_routes_.expire(now_ns));
    });
}

void Gateway::Impl::await_admin_answers(uint64_t next_deadline_ns) {
    admin_timer_runs_ = next_deadline_ns != 0;
    if (!admin_timer_runs_) return;
    const uint64_t now_ns = monotonic_now_ns();
    const uint64_t wait_ns = next_deadline_ns > now_ns ? next_deadline_ns - now_ns : 0;
    admin_timer_.expires_after(std::chrono::nanoseconds(wait_ns));
    admin_timer_.async_wait(
        [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
            if (!error && !alive.expired()) await_admin_answers(admin_routes_.expire(monotonic_now_ns()));
        });
}

// While plugins start or stop, their order is all that they need.
void Gateway::Impl::tell(const ServiceRegistry::Changes& changes) {
    if (!plugins_started_) return;
    for (const ServiceRegistry::Change& change : changes) {
        log::info("service changed",
                  {{"service", change.name},
                   {"now", change.code == GW_SERVICE_OFFERED ? "offered by another instance" : "gone"}});
        plugins_.chain()->emit(GW_EV_SERVICE_CHANGED, nullptr, nullptr, change.code, change.name);
    }
}

// --- what plugins have on the control thread ---

void Gateway::Impl::open_control_home() {
    node_.works.set_threads(settings_.plugins.work_threads);
    node_.works.set_frame([](const std::function<void()>& loop) {
        const ThreadGuard guard("plugin work");
        loop();
    });
    node_.works.control_returns().set_wake([this] { post_to_control([this] { tell_control_works(); }); });
    plugin_events_.set_wake([this] { post_to_control([this] { deliver_plugin_events(); }); });
    node_.timers.control.set_home(monotonic_now_ns,
                                  [this] { post_to_control([this] { run_control_timers(); }); });
}

void Gateway::Impl::tell_control_works() {
    const CallScope turn = guard_.turn();
    node_.works.tell(node_.works.control_returns(), nullptr);
}

void Gateway::Impl::deliver_plugin_events() {
    const CallScope turn = guard_.turn();
    plugin_events_.deliver();
}

void Gateway::Impl::run_control_timers() {
    const CallScope turn = guard_.turn();
    const uint64_t next_ns = node_.timers.control.run();
    if (next_ns == 0) {
        plugin_timer_.cancel();
        return;
    }
    const uint64_t now_ns = monotonic_now_ns();
    plugin_timer_.expires_after(std::chrono::nanoseconds(next_ns > now_ns ? next_ns - now_ns : 0));
    plugin_timer_.async_wait(
        [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
            if (!error && !alive.expired()) run_control_timers();
        });
}

void Gateway::Impl::forget(const void* instance) {
    static_cast<const PluginInstance*>(instance)->over = true;
    http_.forget(instance);
    admin_routes_.forget(instance);
    metric_registry_.forget(instance);
    plugin_events_.forget(instance);
    tell(service_registry_.withdraw(instance));
    node_.works.forget(instance);
    for (const auto& own : threads_) {
        Worker* worker = own->worker.get();
        if (own->thread.joinable()) {
            std::promise<void> done;
            const auto on_its_thread = [&] {
                worker->forget(instance);
                done.set_value();
            };
            if (own->reactor->post(on_its_thread, false)) {
                done.get_future().wait();
                continue;
            }
            own->thread.join();  // it ends already
        }
        worker->forget(instance);
    }
    node_.timers.control.forget(instance);
    if (node_.timers.control.next_due_ns() == 0) plugin_timer_.cancel();
    tell_control_works();
}

TracePtr Gateway::Impl::begin_trace(TraceOrder order) {
    const TracePtr trace = node_.traces.begin(std::move(order));
    if (!trace) return nullptr;
    // In this order: who connects meanwhile finds the trace, who is here already is told of it.
    const IdentityPtr client = node_.directory.find_client(trace->order().client_id);
    const std::string first = TraceLine("trace")
                                  .field("client_id", trace->order().client_id)
                                  .flag("connected", client != nullptr)
                                  .number("seconds", trace->order().seconds)
                                  .text();
    // Who reads it may rely on it: what the client sends from then on is traced.
    if (!client || !retrace(*client, [trace, first] { trace->add(first); })) trace->add(first);
    return trace;
}

void Gateway::Impl::end_trace(const TracePtr& trace, std::string_view why) {
    node_.traces.end(trace, why);
    if (const IdentityPtr client = node_.directory.find_client(trace->order().client_id))
        retrace(*client, [] {});
}

// False: its reactor is there no more, and `then` is not called there.
bool Gateway::Impl::retrace(const Identity& client, std::function<void()> then) {
    Worker* worker = node_.worker_of(client.handle);
    if (!worker) return false;
    return worker->reactor().post(
        [worker, handle = client.handle, then = std::move(then)] {
            if (Session* session = worker->find(handle)) session->retrace();
            then();
        },
        false);
}

GatewayStats Gateway::Impl::stats() const {
    GatewayStats stats;
    stats.enabled = settings_.wsc.enabled;
    stats.safe_mode = settings_.safe_mode;
    if (const Watchdog* watchdog = guard_.watchdog()) {
        stats.stuck_now = watchdog->stuck_now();
        stats.stuck_total = watchdog->incidents();
    }
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

}  // namespace gatewayd
