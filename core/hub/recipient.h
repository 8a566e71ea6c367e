// Recipient: a connection as the hub sees it. Owned by its session; the reactor's thread.
#ifndef GATEWAYD_CORE_HUB_RECIPIENT_H
#define GATEWAYD_CORE_HUB_RECIPIENT_H

#include <cstdint>
#include <vector>

#include "core/base/shared_buffer.h"
#include "core/hub/identity.h"

namespace gatewayd {

struct Topic;

class Recipient {
   public:
    virtual ~Recipient() = default;

    // Queues whole frames. False: not taken.
    virtual bool enqueue(const Slice& frames) = 0;
    // The same, several at once, and written at once when nothing waits.
    virtual bool enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages) = 0;
    // One framed message through the delivery hooks, then enqueue. Only when `hooked`.
    virtual bool deliver(const Slice& frame) = 0;

    const IdentityPtr& identity() const { return identity_; }
    uint64_t connection_id() const { return identity_->handle.generation; }
    // Some plugin wants to see what is delivered here: no shared fan-out. Changes in the hub by
    // HubShard::set_hooked alone.
    bool hooked() const { return hooked_; }

   protected:
    IdentityPtr identity_;
    bool hooked_ = false;

   private:
    friend class HubShard;
    struct Membership {
        Topic* topic;
        uint32_t index;  // in the topic's list
    };
    uint32_t everyone_index_ = 0;
    // Valid while fanout_epoch_ is the hub's: the first entry of the pending fan-out that is still to be
    // given.
    uint32_t fanout_from_ = 0;
    uint64_t fanout_epoch_ = 0;
    Recipient* next_of_user_ = nullptr;  // the connections of one user are a list
    Recipient* previous_of_user_ = nullptr;
    std::vector<Membership> topics_;
};

}  // namespace gatewayd

#endif
