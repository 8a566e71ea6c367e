// TurnBuffer: the frames that a reactor makes in one turn, one behind the other, so that an outgoing message
// costs no allocation and neighbours leave in one write. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_TURN_BUFFER_H
#define GATEWAYD_CORE_SESSION_TURN_BUFFER_H

#include <algorithm>
#include <string_view>

#include "core/base/shared_buffer.h"
#include "core/message/codec.h"
#include "core/net/frame.h"

namespace gatewayd {

class TurnBuffer {
   public:
    Slice frame_text(std::string_view payload) { return frame(Opcode::text, payload); }
    Slice frame(Opcode opcode, std::string_view payload) {
        std::string& bytes = room_for(payload.size());
        const size_t offset = bytes.size();
        append_server_header(opcode, payload.size(), &bytes);
        bytes.append(payload);
        return slice_from(offset);
    }
    Slice frame_message(std::string_view body, const Stamps& stamps) {
        const size_t size = stamped_size(body, stamps);
        std::string& bytes = room_for(size);
        const size_t offset = bytes.size();
        append_server_header(Opcode::text, size, &bytes);
        append_stamped(body, stamps, &bytes);
        return slice_from(offset);
    }
    // Bytes framed in this turn.
    size_t size() const { return turn_bytes_; }

    // After the turn was flushed: begins anew, in the same memory when no queue holds on to it.
    void recycle() {
        if (turn_bytes_ == 0) return;
        turn_bytes_ = 0;
        if (buffer_->shared() || buffer_->bytes.capacity() > 2 * buffer_bytes) {
            buffer_ = BufferRef();
        } else {
            buffer_->bytes.clear();
        }
    }

   private:
    static constexpr size_t buffer_bytes = 64UL * 1024;

    // A buffer is never moved while it fills: hooks hold views of what is in it.
    std::string& room_for(size_t payload_size) {
        const size_t needed = payload_size + max_server_header_bytes;
        if (!buffer_ || buffer_->bytes.size() + needed > buffer_->bytes.capacity()) {
            buffer_ = BufferRef::make();
            buffer_->bytes.reserve(std::max(buffer_bytes, needed));
        }
        return buffer_->bytes;
    }
    Slice slice_from(size_t offset) {
        const size_t size = buffer_->bytes.size() - offset;
        turn_bytes_ += size;
        return {buffer_, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), 1};
    }

    BufferRef buffer_;
    size_t turn_bytes_ = 0;
};

}  // namespace gatewayd

#endif
