#include "core/net/node_limits.h"

namespace gatewayd {

NodeLimits::Admission NodeLimits::admit(const PeerAddress& client) {
    if (admit_unnamed() == Admission::node_full) return Admission::node_full;
    if (admit_address(client)) return Admission::admitted;
    leave_unnamed();
    return Admission::address_full;
}

void NodeLimits::leave(const PeerAddress& client) {
    leave_unnamed();
    leave_address(client);
}

NodeLimits::Admission NodeLimits::admit_unnamed() {
    if (connections_.fetch_add(1, std::memory_order_relaxed) < max_connections_) return Admission::admitted;
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return Admission::node_full;
}

bool NodeLimits::admit_address(const PeerAddress& client) {
    if (max_per_address_ == 0) return true;
    Shard& own = shard(client);
    const std::lock_guard lock(own.mutex);
    uint32_t& count = own.connections[client.ip];
    if (count >= max_per_address_) return false;
    ++count;
    return true;
}

void NodeLimits::leave_address(const PeerAddress& client) {
    if (max_per_address_ == 0) return;
    Shard& own = shard(client);
    const std::lock_guard lock(own.mutex);
    const auto found = own.connections.find(client.ip);
    if (found != own.connections.end() && --found->second == 0) own.connections.erase(found);
}

bool NodeLimits::begin_refusing() {
    if (refusing.fetch_add(1, std::memory_order_relaxed) < max_refusing_connections) return true;
    end_refusing();
    return false;
}

}  // namespace gatewayd
