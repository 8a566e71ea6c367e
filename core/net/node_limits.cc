#include "core/net/node_limits.h"

namespace gatewayd {

NodeLimits::Admission NodeLimits::admit(const PeerAddress& peer) {
    if (connections_.fetch_add(1, std::memory_order_relaxed) >= max_connections_) {
        connections_.fetch_sub(1, std::memory_order_relaxed);
        return Admission::node_full;
    }
    if (max_per_address_ == 0) return Admission::admitted;
    Shard& own = shard(peer);
    const std::lock_guard lock(own.mutex);
    uint32_t& count = own.connections[peer.ip];
    if (count >= max_per_address_) {
        connections_.fetch_sub(1, std::memory_order_relaxed);
        return Admission::address_full;
    }
    ++count;
    return Admission::admitted;
}

void NodeLimits::leave(const PeerAddress& peer) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    if (max_per_address_ == 0) return;
    Shard& own = shard(peer);
    const std::lock_guard lock(own.mutex);
    const auto found = own.connections.find(peer.ip);
    if (found != own.connections.end() && --found->second == 0) own.connections.erase(found);
}

}  // namespace gatewayd
