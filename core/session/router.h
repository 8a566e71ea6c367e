// Router: acts on the destination of a message when its chain has ended: frames it once, gives it to the
// local part of the hub and to the reactors that hold the rest. One a reactor; its thread.
#ifndef GATEWAYD_CORE_SESSION_ROUTER_H
#define GATEWAYD_CORE_SESSION_ROUTER_H

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "core/chain/message_request.h"
#include "core/hub/hub_shard.h"
#include "core/hub/topic_changes.h"
#include "core/session/node.h"
#include "core/session/turn_buffer.h"

namespace gatewayd {

// Adds up what the reactors delivered, and tells the sum when the last of them is done with it.
class DeliveryTally {
   public:
    using Done = std::function<void(uint64_t delivered)>;
    explicit DeliveryTally(Done done) : done_(std::move(done)) {}
    ~DeliveryTally() { done_(delivered_.load(std::memory_order_relaxed)); }
    DeliveryTally(const DeliveryTally&) = delete;
    DeliveryTally& operator=(const DeliveryTally&) = delete;

    void add(uint64_t delivered) { delivered_.fetch_add(delivered, std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> delivered_{0};
    Done done_;
};

class Router {
   public:
    Router(Node* node, uint32_t reactor, HubShard* hub, TopicChanges* topic_changes, TurnBuffer* buffer)
        : node_(node), reactor_(reactor), hub_(hub), topic_changes_(topic_changes), buffer_(buffer) {}

    // Sends one message. `not_to` is left out when the destination says so; null for a publish. `tally` may
    // be null. False: that user or client is not connected, and nothing was done.
    bool send(const Destination& to, std::string_view body, const Stamps& stamps, Recipient* not_to,
              std::shared_ptr<DeliveryTally> tally);
    // The part of a message that came from another reactor.
    void deliver_here(const Destination& to, const Slice& frame, Recipient* not_to,
                      const std::shared_ptr<DeliveryTally>& tally);

   private:
    ReactorSet reactors_of(const Destination& to);

    Node* const node_;
    const uint32_t reactor_;
    HubShard* const hub_;
    TopicChanges* const topic_changes_;
    TurnBuffer* const buffer_;
};

}  // namespace gatewayd

#endif
