// Reactor's part in the node's memory for waiting output: tells what waits here, and when the node has too
// much, lets go of the heaviest.
#include <algorithm>
#include <vector>

#include "core/base/log.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

// What is not worth telling: a turn's own frames come and go.
constexpr size_t unaccounted_bytes = 64UL * 1024;
// Of one connection, roughly: when very many go, the heap is worth a look.
constexpr size_t plain_connection_bytes = 4UL * 1024;  // a handshake or a message may have begun
constexpr size_t tls_connection_bytes = 20UL * 1024;

}  // namespace

// Cheap when little changed: twice a turn.
void Reactor::account_output() {
    const size_t queued = counters_->net.queued_bytes.get();
    const size_t change = queued - accounted_bytes_;  // modulo 2^64
    if (change + unaccounted_bytes <= 2 * unaccounted_bytes) return;
    accounted_bytes_ = queued;
    const size_t total = limits_->outbound_bytes.fetch_add(change, std::memory_order_relaxed) + change;
    if (total > options_.max_outbound_bytes) shed_output(total);
}

// Only a reactor that has more than its share lets go, so that the heaviest of the node go and not ours. The
// limit is kept with some room, so that it is not at once reached again.
void Reactor::shed_output(size_t total) {
    const size_t goal = options_.max_outbound_bytes / 8 * 7;
    const size_t share = goal / std::max(limits_->reactors.load(std::memory_order_relaxed), 1U);
    if (accounted_bytes_ <= share) return;
    size_t too_much = std::min(total - std::min(total, goal), accounted_bytes_ - share);
    std::vector<Connection*> heaviest;
    for (Connection* connection : connections_) {
        if (connection->sheddable()) heaviest.push_back(connection);
    }
    std::sort(heaviest.begin(), heaviest.end(),
              [](const Connection* a, const Connection* b) { return a->queue_.bytes() > b->queue_.bytes(); });
    size_t shed = 0;
    for (Connection* connection : heaviest) {
        if (too_much == 0) break;
        too_much -= std::min(too_much, connection->queue_.bytes());
        connection->shed();
        ++shed;
    }
    if (shed == 0) return;
    log::write_limited(LogLevel::warn, "outbound_memory",
                       "max_outbound_memory is used up: what waits for the slowest clients is let go",
                       {{"waiting_bytes", total},
                        {"connections", shed},
                        {"slow_client", name(options_.slow_client)},
                        {"hint", "wsc.performance.max_outbound_memory is the limit of the whole node"}});
}

// Once a tick: also a reactor whose connections rest looks at the node.
void Reactor::watch_memory() {
    const size_t outbound = limits_->outbound_bytes.load(std::memory_order_relaxed);
    if (outbound > options_.max_outbound_bytes) shed_output(outbound);
    if (index_ != 0) return;
    const size_t connections =
        limits_->count() * (tls_source_ ? tls_connection_bytes : plain_connection_bytes);
    heap_trim_.note(connections + outbound + limits_->inbound_memory.load(std::memory_order_relaxed) +
                    limits_->mailbox_bytes.load(std::memory_order_relaxed));
}

}  // namespace gatewayd
