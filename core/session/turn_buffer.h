// TurnBuffer: the frames that a reactor makes in one turn, one behind the other, so that an outgoing message
// costs no allocation and neighbours leave in one write. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_TURN_BUFFER_H
#define GATEWAYD_CORE_SESSION_TURN_BUFFER_H

#include <string_view>

#include "core/base/shared_buffer.h"
#include "core/message/codec.h"
#include "core/net/frame.h"

namespace gatewayd {

class TurnBuffer {
   public:
    Slice frame_text(std::string_view payload) { return frame(Opcode::text, payload); }
    Slice frame(Opcode opcode, std::string_view payload) {
        std::string& bytes = begin();
        const size_t offset = bytes.size();
        append_server_header(opcode, payload.size(), &bytes);
        bytes.append(payload);
        return slice_from(offset);
    }
    Slice frame_message(std::string_view body, const Stamps& stamps) {
        std::string& bytes = begin();
        const size_t offset = bytes.size();
        append_server_header(Opcode::text, stamped_size(body, stamps), &bytes);
        append_stamped(body, stamps, &bytes);
        return slice_from(offset);
    }
    size_t size() const { return buffer_ ? buffer_->bytes.size() : 0; }

    // After the turn was flushed: begins anew, in the same memory when no queue holds on to it.
    void recycle() {
        if (size() == 0) return;
        if (buffer_->shared() || buffer_->bytes.capacity() > max_kept_bytes) {
            buffer_ = BufferRef();
        } else {
            buffer_->bytes.clear();
        }
    }

   private:
    static constexpr size_t first_bytes = 16 * 1024;
    static constexpr size_t max_kept_bytes = 1024 * 1024;

    std::string& begin() {
        if (!buffer_) {
            buffer_ = BufferRef::make();
            buffer_->bytes.reserve(first_bytes);
        }
        return buffer_->bytes;
    }
    Slice slice_from(size_t offset) {
        return {buffer_, static_cast<uint32_t>(offset), static_cast<uint32_t>(buffer_->bytes.size() - offset), 1};
    }

    BufferRef buffer_;
};

}  // namespace gatewayd

#endif
