#include "core/session/worker.h"

#include <algorithm>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/session/publish_sink.h"
#include "core/session/session.h"
#include "core/session/upgrade.h"

namespace gatewayd {
namespace {

// For operators: with the key, where one decides.
const char* why_of(RejectReason reason) {
    switch (reason) {
        case RejectReason::node_full:
            return "wsc.performance.max_connections_per_node is reached";
        case RejectReason::address_full:
            return "wsc.performance.max_connections_per_address is reached";
        case RejectReason::head_too_big:
            return "the request head is larger than wsc.performance.max_request_head_size";
        case RejectReason::timeout:
            return "the handshake took longer than wsc.performance.handshake_timeout";
        case RejectReason::bad_request:
            return "no WebSocket handshake; the client was told what is wrong with it";
        case RejectReason::not_found:
            return "the path is not wsc.path";
        case RejectReason::no_upgrade:
            return "an HTTP request that asks for no WebSocket of version 13";
        case RejectReason::conflict:
            return "the client_id is in use";
        case RejectReason::plugin_error:
            return "a plugin failed";
        case RejectReason::shutdown:
            return "the gateway is shutting down";
        case RejectReason::identity:
        case RejectReason::plugin:
        case RejectReason::proxy_header:
        case RejectReason::tls_handshake:
        case RejectReason::connection_lost:
            break;
    }
    return "";
}

}  // namespace

Worker::Worker(Node* node, Reactor* reactor, ChainPtr chain)
    : node_(node),
      reactor_(reactor),
      deferrals_(node->deferrals[reactor->index()]),
      timers_(node->timers.connections[reactor->index()]),
      chain_(std::move(chain)),
      hub_(reactor->index(), &node->directory),
      topic_changes_(reactor->index(), &node->directory,
                     [this](const std::string& topic, ConnectionHandle connection, bool join) {
                         make_topic_change(topic, connection, join);
                     }),
      router_(node, reactor->index(), &hub_, &topic_changes_, &buffer_) {
    // Unbounded: what was claimed must come. There is one such letter at a time.
    deferrals_.set_wake(
        [this] { reactor_->post([this] { deferrals_.take_resumed(InterceptorChain::resume); }, false); });
    timers_.set_home({[this](std::function<void()> letter, bool bounded) {
                          return reactor_->post(std::move(letter), bounded);
                      },
                      [this](gw_conn_id conn) -> Context* {
                          return find({conn.slot, conn.generation});
                      }});
    node->works.returns_of(reactor->index()).set_wake([this] {
        reactor_->post([this] { tell_works(); }, false);
    });
}

Worker::~Worker() {
    deferrals_.set_wake(nullptr);
    timers_.set_home({});
    node_->works.returns_of(reactor_->index()).set_wake(nullptr);
    for (Session* session : buried_)
        delete session;
}

Stamps Worker::stamp(std::string_view from) {
    const int64_t now = reactor_->wall_ms();
    return {from, ulids_.next(now), clock_.format(now)};
}

Session* Worker::find(ConnectionHandle handle) {
    return static_cast<Session*>(hub_.find(handle));
}

bool Worker::change_topic(ConnectionHandle connection, const std::string& topic, bool join) {
    const uint64_t number = topic_changes_.announce(topic, connection, join);
    // Unbounded: they are small, and a member that is lost gets nothing of its topic.
    if (reactor_->post([this, topic, number] { topic_changes_.arrive(topic, number); }, false)) return true;
    topic_changes_.withdraw(topic, number);
    return false;
}

void Worker::make_topic_change(const std::string& topic, ConnectionHandle connection, bool join) {
    Session* session = find(connection);
    if (!session) return;
    if (!join) {
        hub_.unsubscribe(session, topic);
    } else if (hub_.subscribe(session, topic) == HubShard::Join::limit) {
        log::write_limited(LogLevel::warn, "topic_limit",
                           "a connection is in too many topics, a join was refused",
                           {{"connection_id", connection.generation}, {"limit", max_topics_per_connection}});
    }
}

bool Worker::kick(ConnectionHandle handle, std::string_view why) {
    Session* session = find(handle);
    if (!session) return false;
    session->close_now(close_policy, why, DisconnectReason::kicked);
    return true;
}

bool Worker::replace(ConnectionHandle handle, std::string_view why, std::function<void()> gone) {
    if (Session* session = find(handle)) {
        session->close_now(close_policy, why, DisconnectReason::replaced);
        return true;
    }
    const auto found = upgrades_.find(handle.generation);
    if (found == upgrades_.end()) return true;
    WaitingUpgrade& waiting = found->second;
    waiting.gone.push_back(std::move(gone));
    if (!waiting.over) waiting.upgrade->refuse(409, RejectReason::conflict, "conflict", why);
    return false;
}

void Worker::tell_works() {
    node_->works.tell(node_->works.returns_of(reactor_->index()), [this](gw_conn_id conn) -> Context* {
        return find({conn.slot, conn.generation});
    });
}

void Worker::forget(const void* instance) {
    timers_.forget(instance);
    tell_works();
}

// --- upgrades ---

void Worker::on_handshake(Connection& connection, std::unique_ptr<HandshakeRequest> request) {
    std::unique_ptr<Upgrade> upgrade = Upgrade::make(this, &connection, std::move(request));
    const Upgrade::Outcome outcome = upgrade->run();
    proceed(std::move(upgrade), outcome);
}

void Worker::proceed(std::unique_ptr<Upgrade> upgrade, Upgrade::Outcome outcome) {
    const uint64_t connection_id = upgrade->connection().id();
    switch (outcome) {
        case Upgrade::Outcome::refused:
            break;
        case Upgrade::Outcome::ready:
            upgrade->complete();
            break;
        case Upgrade::Outcome::waiting:
            upgrades_[connection_id].upgrade = std::move(upgrade);
            break;
        case Upgrade::Outcome::deferred:
            deferred_upgrades_[connection_id] = std::move(upgrade);
            break;
    }
}

void Worker::upgrade_ended(Upgrade& upgrade, int32_t status) {
    const auto found = deferred_upgrades_.find(upgrade.connection().id());
    std::unique_ptr<Upgrade> own = std::move(found->second);
    deferred_upgrades_.erase(found);
    const Upgrade::Outcome outcome = own->conclude(status);
    proceed(std::move(own), outcome);
}

void Worker::resume_upgrade(uint64_t connection_id) {
    const auto found = upgrades_.find(connection_id);
    if (found == upgrades_.end()) return;
    WaitingUpgrade waiting = std::move(found->second);
    upgrades_.erase(found);
    if (!waiting.over) waiting.upgrade->complete();
    waiting.upgrade.reset();
    for (const auto& gone : waiting.gone)
        gone();
}

void Worker::on_rejected(const Connection& connection, RejectReason reason, int status) {
    const auto waiting = upgrades_.find(connection.id());
    if (waiting != upgrades_.end()) waiting->second.over = true;
    const auto deferred = deferred_upgrades_.find(connection.id());
    if (deferred != deferred_upgrades_.end()) {
        const std::unique_ptr<Upgrade> upgrade = std::move(deferred->second);
        deferred_upgrades_.erase(deferred);
        InterceptorChain::abandon(*upgrade, reason == RejectReason::shutdown  ? GW_WHY_DRAIN
                                            : reason == RejectReason::timeout ? GW_WHY_DEADLINE
                                                                              : GW_WHY_DISCONNECT);
    }
    if (reason == RejectReason::connection_lost) return;  // port scans, health checks: counted is enough
    if (reason == RejectReason::tls_handshake) return;    // said by the connection
    if (reason == RejectReason::plugin || reason == RejectReason::identity) return;  // said by the upgrade
    if (reason == RejectReason::proxy_header) return;                                // said by the connection
    log::write_limited(LogLevel::warn, std::string("rejected.") + name(reason), "handshake refused",
                       {{"status", status},
                        {"reason", name(reason)},
                        {"why", why_of(reason)},
                        {"remote_address", connection.remote_address().text()}});
}

// --- sessions ---

void Worker::open_session(std::unique_ptr<Session> session, Connection& connection,
                          const std::string& response) {
    Session* opened = session.release();  // buried by its own on_closed
    connection.accept(opened, response);
    opened->open();
}

void Worker::bury(Session* session) {
    buried_.push_back(session);
}

Counter& Worker::connected_counter(std::string_view user_type) {
    const auto& types = node_->options.allowed_user_types;
    const auto place = static_cast<size_t>(std::find(types.begin(), types.end(), user_type) - types.begin());
    return counters().connected_by_type[std::min(place, max_user_types - 1)];
}

void Worker::on_turn_flushed() {
    for (Session* session : buried_)
        delete session;
    buried_.clear();
    buffer_.recycle();
    const uint64_t sent = reactor_->counters().net.messages_sent.get();
    const uint64_t delivered = sent - sent_before_turn_;
    sent_before_turn_ = sent;
    if (delivered == 0 || delivered > sent) return;
    const double seconds = static_cast<double>(monotonic_now_ns() - reactor_->monotonic_ns()) / 1e9;
    const auto bucket =
        static_cast<size_t>(std::lower_bound(delivery_bounds_s.begin(), delivery_bounds_s.end(), seconds) -
                            delivery_bounds_s.begin());
    counters().delivery[bucket].add(delivered);
    counters().delivery_sum_us.add(static_cast<uint64_t>(seconds * 1e6 * static_cast<double>(delivered)));
}

// --- publish ---

void Worker::run_publish(const PublishOrder& order, const PublishDone& done) {
    Envelope envelope;
    const Status status = decode(order.message, &envelope);  // was valid when it was posted
    if (!status.ok()) {
        if (done) done({status, {}, 0});
        return;
    }
    const std::string from(envelope.from.empty() ? std::string_view("system") : envelope.from);
    Stamps stamps = stamp(from);
    const std::string msg_id(stamps.msg_id);  // hooks may make other ids
    const std::string create_at(stamps.create_at);
    stamps = {from, msg_id, create_at};
    PublishSink sink(&router_, done);
    MessageRequest request(GW_KIND_PUBLISH, nullptr, &envelope, stamps, &sink);
    if (order.to.kind != DestinationKind::none) request.set_destination(order.to);
    request.sender = order.sender;
    request.hops = order.hops;
    if (chain().wants(GW_KIND_PUBLISH)) {
        chain().run(request);
    } else {
        request.finish();
    }
    sink.finish(request);
}

}  // namespace gatewayd
