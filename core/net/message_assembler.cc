#include "core/net/message_assembler.h"

#include <algorithm>
#include <cstring>

namespace gatewayd {

MessageAssembler::~MessageAssembler() {
    memory_->fetch_sub(counted_, std::memory_order_relaxed);
}

MessageAssembler::Result MessageAssembler::fail(CloseCode code, DisconnectReason reason, const char* text) {
    error_ = {code, reason, text};
    return Result::error;
}

MessageAssembler::Result MessageAssembler::consume(char** data, size_t* size) {
    if (delivered_) {
        delivered_ = false;
        if (!is_control(opcode_)) message_.clear();
        control_.clear();
    }
    while (*size > 0 || (in_frame_ && frame_taken_ == frame_.length)) {
        if (!in_frame_) {
            const size_t room = max_client_header_bytes - header_size_;
            const size_t take = std::min(room, *size);
            std::memcpy(header_bytes_ + header_size_, *data, take);
            const std::string_view seen(header_bytes_, header_size_ + take);
            switch (parse_client_header(seen, options_.max_message_bytes, deflate_, &frame_, &error_)) {
                case HeaderResult::error:
                    return Result::error;
                case HeaderResult::incomplete:
                    header_size_ = static_cast<uint8_t>(seen.size());
                    *data += take;
                    *size -= take;
                    continue;
                case HeaderResult::complete:
                    break;
            }
            const size_t used = frame_.size - header_size_;
            *data += used;
            *size -= used;
            header_size_ = 0;
            if (begin_frame() == Result::error) return Result::error;
        }
        const Result result = take_payload(data, size);
        if (result != Result::need_more) return result;
    }
    return Result::need_more;
}

MessageAssembler::Result MessageAssembler::begin_frame() {
    in_frame_ = true;
    frame_taken_ = 0;
    if (is_control(frame_.opcode)) return Result::need_more;
    if (frame_.opcode == Opcode::continuation) {
        if (!in_message_) {
            return fail(close_protocol_error, DisconnectReason::protocol_error, "continuation of no message");
        }
    } else {
        if (in_message_) {
            return fail(close_protocol_error, DisconnectReason::protocol_error,
                        "new message inside a fragmented one");
        }
        in_message_ = true;
        compressed_ = frame_.compressed;
        message_opcode_ = frame_.opcode;
        fragments_ = 0;
        utf8_.reset();
    }
    if (++fragments_ > options_.max_fragments) {
        return fail(close_too_big, DisconnectReason::too_big, "message has more than max_fragments");
    }
    if (message_.size() + frame_.length > max_message_bytes()) {
        return fail(close_too_big, DisconnectReason::too_big, "message is over max_message_size");
    }
    return Result::need_more;
}

// Grows the message's buffer when the node has memory for it: doubling, or by what is needed when there is no
// room for more.
bool MessageAssembler::reserve(size_t bytes) {
    if (bytes <= counted_) return true;
    const size_t doubled = std::max(options_.read_buffer_bytes, counted_ * 2);
    return grow_to(std::max(bytes, std::min(doubled, max_message_bytes()))) || grow_to(bytes);
}

bool MessageAssembler::grow_to(size_t bytes) {
    const size_t more = bytes - counted_;
    if (memory_->fetch_add(more, std::memory_order_relaxed) + more > options_.max_inbound_bytes) {
        memory_->fetch_sub(more, std::memory_order_relaxed);
        return false;
    }
    counted_ = bytes;
    message_.reserve(bytes);
    return true;
}

MessageAssembler::Result MessageAssembler::take_payload(char** data, size_t* size) {
    const size_t take = static_cast<size_t>(std::min<uint64_t>(frame_.length - frame_taken_, *size));
    if (take > 0) {
        unmask(*data, take, frame_.mask, frame_taken_ & 3);
        const std::string_view piece(*data, take);
        if (is_control(frame_.opcode)) {
            control_.append(piece);
        } else {
            if (!reserve(message_.size() + take)) {
                return fail(close_try_again_later, DisconnectReason::out_of_memory,
                            "max_inbound_memory is used up; send again later");
            }
            if (message_opcode_ == Opcode::text && !compressed_ && !utf8_.feed(piece)) {
                return fail(close_invalid_payload, DisconnectReason::invalid_utf8, "text is not UTF-8");
            }
            message_.append(piece);
        }
        *data += take;
        *size -= take;
        frame_taken_ += take;
    }
    return frame_taken_ == frame_.length ? end_frame() : Result::need_more;
}

MessageAssembler::Result MessageAssembler::end_frame() {
    in_frame_ = false;
    ++frames_;
    if (is_control(frame_.opcode)) {
        opcode_ = frame_.opcode;
        delivered_ = true;
        return Result::message;
    }
    if (!frame_.fin) return Result::need_more;
    in_message_ = false;
    if (message_opcode_ == Opcode::text && !compressed_ && !utf8_.complete()) {
        return fail(close_invalid_payload, DisconnectReason::invalid_utf8, "text ends inside a character");
    }
    opcode_ = message_opcode_;
    delivered_ = true;
    return Result::message;
}

}  // namespace gatewayd
