// MessageAssembler: the slow way of reading, for what did not lie whole and unfragmented in the reactor's
// buffer. Takes a connection's bytes cut anywhere, checks them as RFC 6455 asks (5.4 fragments, 8.1 UTF-8 as
// early as it can be told), and hands out whole messages and control frames; compressed messages as they are,
// for the connection to inflate and to check. Exists only while a frame or a
// message is incomplete; belongs to one connection, on its reactor's thread.
#ifndef GATEWAYD_CORE_NET_MESSAGE_ASSEMBLER_H
#define GATEWAYD_CORE_NET_MESSAGE_ASSEMBLER_H

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/net/frame.h"
#include "core/net/options.h"

namespace gatewayd {

// Bytes of incomplete messages of the whole node, against NetOptions::max_inbound_bytes. Any thread.
using InboundMemory = std::atomic<size_t>;

class MessageAssembler {
   public:
    enum class Result : uint8_t {
        need_more,  // all bytes were taken
        message,    // opcode() and payload() are a whole message or control frame, until the next consume
        error,      // error() says how to close
    };

    // `deflate`: the connection negotiated permessage-deflate.
    MessageAssembler(const NetOptions& options, InboundMemory* memory, bool deflate = false)
        : options_(options), memory_(memory), deflate_(deflate) {}
    ~MessageAssembler();
    MessageAssembler(const MessageAssembler&) = delete;
    MessageAssembler& operator=(const MessageAssembler&) = delete;

    // Takes bytes from the front of *data (which it may change) until something is whole.
    Result consume(char** data, size_t* size);

    Opcode opcode() const { return opcode_; }
    std::string_view payload() const { return is_control(opcode_) ? std::string_view(control_) : message_; }
    char* mutable_payload() { return is_control(opcode_) ? control_.data() : message_.data(); }
    bool compressed() const { return compressed_ && !is_control(opcode_); }  // of payload()
    const ProtocolError& error() const { return error_; }
    uint64_t frames() const { return frames_; }  // that were whole so far
    // True between messages: nothing is kept, the fast way may go on.
    bool idle() const { return header_size_ == 0 && !in_frame_ && !in_message_; }

   private:
    Result begin_frame();
    Result take_payload(char** data, size_t* size);
    Result end_frame();
    Result fail(CloseCode code, DisconnectReason reason, const char* text);
    size_t max_message_bytes() const {
        return compressed_ ? max_compressed_bytes(options_.max_message_bytes) : options_.max_message_bytes;
    }
    bool reserve(size_t bytes);
    bool grow_to(size_t bytes);

    const NetOptions& options_;
    InboundMemory* const memory_;
    const bool deflate_;
    size_t counted_ = 0;  // our part of *memory_

    char header_bytes_[max_client_header_bytes];
    uint8_t header_size_ = 0;
    FrameHeader frame_;
    uint64_t frame_taken_ = 0;
    bool in_frame_ = false;
    bool in_message_ = false;
    bool compressed_ = false;  // the message
    bool delivered_ = false;   // payload() was handed out and is to be cleared
    Opcode opcode_ = Opcode::text;
    Opcode message_opcode_ = Opcode::text;
    uint32_t fragments_ = 0;
    uint64_t frames_ = 0;
    Utf8Stream utf8_;
    std::string message_;
    std::string control_;
    ProtocolError error_;
};

}  // namespace gatewayd

#endif
