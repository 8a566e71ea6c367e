// NodeLimits: what all reactors of the node share: how many connections there are, from how many addresses,
// and how much memory incomplete messages and kept compression contexts take. Any thread.
#ifndef GATEWAYD_CORE_NET_NODE_LIMITS_H
#define GATEWAYD_CORE_NET_NODE_LIMITS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "core/base/address.h"
#include "core/net/deflate_context.h"
#include "core/net/message_assembler.h"

namespace gatewayd {

class NodeLimits {
   public:
    enum class Admission : uint8_t { admitted, node_full, address_full };

    NodeLimits(uint32_t max_connections, uint32_t max_per_address)
        : max_connections_(max_connections), max_per_address_(max_per_address) {}

    Admission admit(const PeerAddress& client);
    // For each admitted connection, once.
    void leave(const PeerAddress& client);

    // The two halves of that, for a proxy's connection: its client is known later, or never.
    Admission admit_unnamed();
    bool admit_address(const PeerAddress& client);
    void leave_unnamed() { connections_.fetch_sub(1, std::memory_order_relaxed); }
    void leave_address(const PeerAddress& client);

    uint32_t count() const { return connections_.load(std::memory_order_relaxed); }

    InboundMemory inbound_memory{0};
    CompressionMemory compression_memory{0};
    // What waits to be written to all connections, against NetOptions::max_outbound_bytes: as the reactors
    // told last, in steps of 64 KB. A frame that many share counts for each of them.
    std::atomic<size_t> outbound_bytes{0};
    std::atomic<size_t> mailbox_bytes{0};  // of the messages between the reactors
    std::atomic<uint32_t> reactors{0};
    // Connections beyond the limits that are being told so. begin_refusing(): false, there are enough of
    // them.
    std::atomic<uint32_t> refusing{0};
    static constexpr uint32_t max_refusing_connections = 256;
    bool begin_refusing();
    void end_refusing() { refusing.fetch_sub(1, std::memory_order_relaxed); }

   private:
    struct Shard {
        std::mutex mutex;
        std::map<std::array<unsigned char, 16>, uint32_t> connections;
    };
    Shard& shard(const PeerAddress& client) { return shards_[client.ip[15] % shards_.size()]; }

    const uint32_t max_connections_;
    const uint32_t max_per_address_;  // 0: no limit, and the shards stay empty
    std::atomic<uint32_t> connections_{0};
    std::array<Shard, 16> shards_;
};

}  // namespace gatewayd

#endif
