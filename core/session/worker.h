// Worker: what one reactor does besides sockets: its part of the hub, its router, its sessions, the upgrades
// that wait. Everything is the reactor's thread's, but what is marked [any].
#ifndef GATEWAYD_CORE_SESSION_WORKER_H
#define GATEWAYD_CORE_SESSION_WORKER_H

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hub/hub_shard.h"
#include "core/hub/topic_changes.h"
#include "core/message/ulid.h"
#include "core/net/reactor.h"
#include "core/session/node.h"
#include "core/session/router.h"
#include "core/session/turn_buffer.h"
#include "core/session/upgrade.h"

namespace gatewayd {

class Session;

class Worker : public ReactorService {
   public:
    using ChainPtr = std::shared_ptr<const InterceptorChain>;

    Worker(Node* node, Reactor* reactor, ChainPtr chain);
    ~Worker() override;

    // [any] Runs it on this worker's thread. False: the mailbox is full.
    bool post(Reactor::Letter letter, size_t bytes = 0) {
        return reactor_->post(std::move(letter), true, bytes);
    }

    // [any] Of a connection of this worker. False: the reactor ends.
    bool change_topic(ConnectionHandle connection, const std::string& topic, bool join);

    Node& node() { return *node_; }
    Reactor& reactor() { return *reactor_; }
    HubShard& hub() { return hub_; }
    Router& router() { return router_; }
    TurnBuffer& buffer() { return buffer_; }
    SessionCounters& counters() { return reactor_->counters().session; }
    // The chain of what begins now.
    const InterceptorChain& chain() const { return *chain_; }
    const ChainPtr& chain_ptr() const { return chain_; }

    // What begins from here on is in this chain, and connections move to it, in slices, each between two of
    // its requests. `until_moved` is let go when all have, but those whose request is put aside, which move
    // when it ends; or when the reactor ends before.
    void enter(ChainPtr chain, std::shared_ptr<void> until_moved);
    // What is still put aside in earlier chains that have one of these is cancelled there and goes on in this
    // one. In slices.
    void drain(LeavingPlugins leaving);
    bool is_old(const InterceptorChain& chain, const LeavingPlugins& leaving) const;
    // Valid until the next call.
    Stamps stamp(std::string_view from);
    std::string make_id() { return std::string(ulids_.next(reactor_->wall_ms())); }
    Request::DeferralTerms deferral_terms(uint32_t max_ticks) {
        return {&deferrals_, reactor_->index(), max_ticks};
    }
    Envelope& scratch_envelope() { return envelope_; }  // for one message at a time

    // Of a connection that ends, or that an instance leaves (null: all): the last calls of its timers, and of
    // its works that have not begun.
    void end_callbacks(Context& context, const void* instance) {
        timers_.end_connection(context, instance);
        node_->works.end_connection(context, instance);
    }
    // The last calls of all timers of this instance, and of its works that are back. When the reactor is gone
    // also from the control thread.
    void forget(const void* instance);
    // The session of a connection that is in the hub; null: gone.
    Session* find(ConnectionHandle handle);
    // Closes the session with 1008 `kicked`. False: it is gone.
    bool kick(ConnectionHandle handle, std::string_view why);
    // Ends whoever has this client_id here, session or waiting upgrade: the same client connected again.
    // False: an upgrade that itself waits; `gone` is called when what it waits for is over too, so that
    // each connection's client.disconnected comes before the next one's client.connected.
    bool replace(ConnectionHandle handle, std::string_view why, std::function<void()> gone);
    // The handshake of a deferred upgrade is through its chain.
    void upgrade_ended(Upgrade& upgrade, int32_t status);
    // The connection that an upgrade replaces is gone.
    void resume_upgrade(uint64_t connection_id);
    // A publish that was checked: through the publish hooks and out.
    void run_publish(const PublishOrder& order, const PublishDone& done);

    // --- for upgrades and sessions ---
    void open_session(std::unique_ptr<Session> session, Connection& connection, const std::string& response);
    void bury(Session* session);  // it ended; deleted when the turn is over
    Counter& connected_counter(std::string_view user_type);
    // A peer's address as text, valid until the next call.
    std::string_view text_of(const PeerAddress& peer) { return peer_text_ = peer.text(); }

    // --- ReactorService ---
    void on_handshake(Connection& connection, std::unique_ptr<HandshakeRequest> request) override;
    void on_rejected(const Connection& connection, RejectReason reason, int status) override;
    void on_tick() override {
        deferrals_.tick(InterceptorChain::expire);
        timers_.tick();
    }
    void on_end_of_turn() override { hub_.flush_fanout(); }
    bool turn_is_full() const override { return buffer_.size() > max_turn_bytes; }
    void on_turn_flushed() override;

   private:
    static constexpr size_t max_turn_bytes = 256UL * 1024;

    // Keeps its claim of the client_id until the connection that it replaces is gone, also when it is refused
    // or lost meanwhile.
    struct WaitingUpgrade {
        std::unique_ptr<Upgrade> upgrade;
        bool over = false;  // refused or lost: its connection may not be there any more
        std::vector<std::function<void()>> gone;
    };

    void make_topic_change(const std::string& topic, ConnectionHandle connection, bool join);
    void tell_works();
    void proceed(std::unique_ptr<Upgrade> upgrade, Upgrade::Outcome outcome);

    // A walk over the connections that are there now, for as long as one turn may take, and on in the next.
    struct Walk {
        bool drains = false;
        LeavingPlugins leaving;
        size_t place = 0;  // of the hub
        std::shared_ptr<void> until_over;
    };
    void go_on(std::shared_ptr<Walk> walk);
    void drain_upgrades(const LeavingPlugins& leaving);

    Node* const node_;
    Reactor* const reactor_;
    Deferrals& deferrals_;
    ConnectionTimers& timers_;
    ChainPtr chain_;
    HubShard hub_;
    TopicChanges topic_changes_;
    TurnBuffer buffer_;
    Router router_;
    UlidMaker ulids_;
    Rfc3339Clock clock_;
    Envelope envelope_;
    std::unordered_map<uint64_t, WaitingUpgrade> upgrades_;                     // by connection id
    std::unordered_map<uint64_t, std::unique_ptr<Upgrade>> deferred_upgrades_;  // by connection id
    std::vector<Session*> buried_;
    std::string peer_text_;
    uint64_t sent_before_turn_ = 0;
};

}  // namespace gatewayd

#endif
