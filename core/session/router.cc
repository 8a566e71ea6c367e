#include "core/session/router.h"

#include "core/base/log.h"
#include "core/session/worker.h"

namespace gatewayd {

// The other reactors that hold some of the destination.
ReactorSet Router::reactors_of(const Destination& to) {
    const auto count = static_cast<uint32_t>(node_->workers.size());
    if (count == 1) return 0;
    ReactorSet all = 0;
    switch (to.kind) {
        case DestinationKind::none:
            break;
        case DestinationKind::client:
            if (hub_->find_client(to.id)) break;  // a client is in one place
            if (const IdentityPtr client = node_->directory.find_client(to.id))
                all = reactor_bit(client->handle.reactor());
            break;
        case DestinationKind::user:
            all = node_->directory.reactors_of_user(to.id);
            break;
        case DestinationKind::topic:
            all = node_->directory.reactors_of_topic(to.id);
            break;
        case DestinationKind::all:
            all = count == max_reactors ? ~ReactorSet{0} : reactor_bit(count) - 1;
            break;
    }
    return all & ~reactor_bit(reactor_);
}

bool Router::send(const Destination& to, std::string_view body, const Stamps& stamps, Recipient* not_to,
                  std::shared_ptr<DeliveryTally> tally) {
    if (!to.not_sender) not_to = nullptr;
    const ReactorSet others = reactors_of(to);
    if (others == 0) {
        if (to.kind == DestinationKind::user && !hub_->has_user(to.id)) return false;
        if (to.kind == DestinationKind::client && !hub_->find_client(to.id)) return false;
    }
    const Slice frame = buffer_->frame_message(body, stamps);
    if (others != 0) {
        // Other threads may only see bytes that no longer change.
        Slice shared{BufferRef::make(), 0, frame.length, 1};
        shared.buffer->bytes = frame.view();
        for (uint32_t i = 0; i < node_->workers.size(); ++i) {
            if (!(others & reactor_bit(i))) continue;
            Worker* worker = node_->workers[i];
            const bool posted = worker->post(
                [worker, to, shared, tally] { worker->router().deliver_here(to, shared, nullptr, tally); },
                shared.length);
            if (worker->reactor().congested())
                node_->workers[reactor_]->reactor().wait_for(&worker->reactor());
            if (!posted && !worker->reactor().stopped()) {
                node_->workers[reactor_]->counters().mailbox_lost.add();
                log::write_limited(LogLevel::error, "mailbox_full",
                                   "a reactor's mailbox is full, a message is lost to its connections",
                                   {{"reactor", i}});
            }
        }
    }
    deliver_here(to, frame, not_to, tally);
    return true;
}

void Router::deliver_here(const Destination& to, const Slice& frame, Recipient* not_to,
                          const std::shared_ptr<DeliveryTally>& tally) {
    HubShard::Counted counted;
    if (tally) counted = [tally](uint64_t delivered) { tally->add(delivered); };
    uint64_t delivered = 0;
    switch (to.kind) {
        case DestinationKind::none:
            return;
        case DestinationKind::client:
            delivered = hub_->to_client(to.id, frame, not_to);
            break;
        case DestinationKind::user:
            delivered = hub_->to_user(to.id, frame, not_to);
            break;
        case DestinationKind::topic:
            topic_changes_->make_joins(to.id);
            hub_->to_topic(to.id, frame, not_to, std::move(counted));
            return;
        case DestinationKind::all:
            hub_->to_everyone(frame, not_to, std::move(counted));
            return;
    }
    if (tally) tally->add(delivered);
}

}  // namespace gatewayd
