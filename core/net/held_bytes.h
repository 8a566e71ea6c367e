// HeldBytes: what a connection had read when it paused, behind the message that made it pause. Counted in the
// node's memory for incomplete messages. One connection's; its reactor's thread.
#ifndef GATEWAYD_CORE_NET_HELD_BYTES_H
#define GATEWAYD_CORE_NET_HELD_BYTES_H

#include <string>
#include <string_view>

#include "core/net/message_assembler.h"

namespace gatewayd {

class HeldBytes {
   public:
    explicit HeldBytes(InboundMemory* memory) : memory_(memory) {}
    ~HeldBytes() { memory_->fetch_sub(bytes_.size(), std::memory_order_relaxed); }
    HeldBytes(const HeldBytes&) = delete;
    HeldBytes& operator=(const HeldBytes&) = delete;

    // False: the node has no memory for them, and they were not taken.
    bool append(std::string_view bytes, size_t max_inbound_bytes) {
        if (memory_->fetch_add(bytes.size(), std::memory_order_relaxed) + bytes.size() > max_inbound_bytes) {
            memory_->fetch_sub(bytes.size(), std::memory_order_relaxed);
            return false;
        }
        bytes_.append(bytes);
        return true;
    }
    char* data() { return bytes_.data(); }
    size_t size() const { return bytes_.size(); }

   private:
    InboundMemory* const memory_;
    std::string bytes_;
};

}  // namespace gatewayd

#endif
