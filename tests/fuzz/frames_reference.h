// RFC 6455 section 5 read plainly: a client's whole byte stream to messages, control frames and the close
// code of the first error. What the fast way, the assembler and the connection are compared with. Also writes
// such streams from an input, so that the fuzzer need not find masks and lengths by chance.
#ifndef GATEWAYD_TESTS_FUZZ_FRAMES_REFERENCE_H
#define GATEWAYD_TESTS_FUZZ_FRAMES_REFERENCE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/inflate_reference.h"
#include "tests/fuzz/utf8_reference.h"

namespace gatewayd::fuzz {

struct FrameLimits {
    size_t max_message_bytes;
    size_t max_fragments;
    bool deflate = false;       // permessage-deflate is negotiated
    bool inflate = false;       // false: compressed messages are handed out as they are, "1z:..."
    bool keep_context = false;  // of the client
};

struct StreamOutcome {
    std::vector<std::string> events;  // "<opcode>:<payload>", of messages and control frames, in their order
    int error = 0;                    // the close code; 0: none so far
    size_t farthest = 0;              // that a compressed message refers back

    bool operator==(const StreamOutcome& other) const {
        return events == other.events && error == other.error;
    }
};

class StreamReference {
   public:
    StreamReference(std::string_view stream, const FrameLimits& limits) : rest_(stream), limits_(limits) {}

    StreamOutcome run() {
        while (!rest_.empty() && outcome_.error == 0 && take_frame()) {
        }
        return outcome_;
    }

   private:
    unsigned byte(size_t at) const { return static_cast<unsigned char>(rest_[at]); }
    bool fail(int code) {
        outcome_.error = code;
        return false;
    }

    // False: it is not whole, or wrong.
    bool take_frame() {
        const unsigned opcode = byte(0) & 0x0F;
        const bool fin = (byte(0) & 0x80) != 0;
        const bool control = opcode >= 8;
        const bool compressed = (byte(0) & 0x40) != 0;
        if ((byte(0) & 0x30) != 0) return fail(1002);
        if (compressed && (!limits_.deflate || (opcode != 1 && opcode != 2))) return fail(1002);
        if ((opcode >= 3 && opcode <= 7) || opcode >= 11) return fail(1002);
        if (control && !fin) return fail(1002);
        if (rest_.size() < 2) return false;
        if ((byte(1) & 0x80) == 0) return fail(1002);
        uint64_t length = byte(1) & 0x7F;
        if (control && length > 125) return fail(1002);
        const size_t more = length < 126 ? 0 : length == 126 ? 2 : 8;
        if (rest_.size() < 2 + more) return false;
        if (more > 0) length = 0;
        for (size_t at = 2; at < 2 + more; ++at)
            length = length << 8 | byte(at);
        if (more == 2 && length < 126) return fail(1002);
        if (more == 8 && (length < 65536 || length >> 63 != 0)) return fail(1002);
        if (length > max_bytes(compressed)) return fail(1009);
        if (rest_.size() < 6 + more) return false;
        if (!control && !begin_fragment(opcode, length, compressed)) return false;
        return take_payload(opcode, fin, 2 + more, static_cast<size_t>(length));
    }

    // On the wire; a message that DEFLATE cannot make smaller is a little larger there.
    size_t max_bytes(bool compressed) const {
        const size_t plain = limits_.max_message_bytes;
        return compressed ? plain + plain / 8 + 64 : plain;
    }

    bool begin_fragment(unsigned opcode, uint64_t length, bool compressed) {
        if ((opcode == 0) != in_message_) return fail(1002);
        if (opcode != 0) {
            in_message_ = true;
            message_opcode_ = opcode;
            compressed_ = compressed;
            fragments_ = 0;
            message_.clear();
            whole_ = 0;
        }
        if (++fragments_ > limits_.max_fragments) return fail(1009);
        if (message_.size() + length > max_bytes(compressed_)) return fail(1009);
        return true;
    }

    bool take_payload(unsigned opcode, bool fin, size_t mask_at, size_t length) {
        const size_t here = std::min(length, rest_.size() - mask_at - 4);
        std::string payload(rest_.substr(mask_at + 4, here));
        for (size_t i = 0; i < here; ++i)
            payload[i] = static_cast<char>(payload[i] ^ rest_[mask_at + i % 4]);
        const bool whole = here == length;
        if (whole) rest_.remove_prefix(mask_at + 4 + length);
        if (opcode >= 8) {
            if (whole) outcome_.events.push_back(std::to_string(opcode) + ":" + payload);
            return whole;
        }
        message_ += payload;
        if (message_opcode_ == 1 && !compressed_) {
            const Utf8 verdict = utf8_verdict(message_, &whole_);
            const bool ended = whole && fin;
            if (verdict == Utf8::invalid || (ended && verdict == Utf8::cut_off)) return fail(1007);
        }
        if (!whole) return false;
        if (!fin) return true;
        in_message_ = false;
        if (compressed_ && limits_.inflate) return inflate();
        outcome_.events.push_back(std::to_string(message_opcode_) + (compressed_ ? "z:" : ":") + message_);
        return true;
    }

    bool inflate() {
        InflateReference inflated(message_, limits_.max_message_bytes, std::move(window_));
        const auto verdict = inflated.run();
        outcome_.farthest = std::max(outcome_.farthest, inflated.farthest());
        if (verdict == InflateReference::Verdict::too_big) return fail(1009);
        if (verdict == InflateReference::Verdict::broken) return fail(1007);
        const std::string text(inflated.text());
        if (message_opcode_ == 1 && utf8_verdict(text) != Utf8::valid) return fail(1007);
        outcome_.events.push_back(std::to_string(message_opcode_) + ":" + text);
        window_ = limits_.keep_context ? inflated.take_window() : std::string();
        return true;
    }

    std::string_view rest_;
    const FrameLimits limits_;
    StreamOutcome outcome_;
    bool in_message_ = false;
    bool compressed_ = false;  // the message
    unsigned message_opcode_ = 0;
    size_t fragments_ = 0;
    std::string message_;
    size_t whole_ = 0;  // bytes of message_ that are UTF-8
    std::string window_;
};

// Frames with right headers from a script: first byte of the frame, size, mask, then the payload as it is to
// arrive. A size of 240 and more stands for a long payload of one repeated byte; only one of a stream is very
// long.
inline std::string frames_of_script(std::string_view script, bool very_long) {
    std::string stream;
    while (script.size() >= 3) {
        const char first = script[0];
        const auto size = static_cast<unsigned char>(script[1]);
        const char mask = script[2];
        script.remove_prefix(3);
        std::string payload;
        if (size >= 240) {
            static constexpr size_t sizes[] = {125, 126, 127, 128, 300, 1000, 65535, 65536};
            const size_t long_size = sizes[size % (very_long && stream.size() < 2000 ? 8 : 6)];
            payload.assign(long_size, script.empty() ? 'a' : script[0]);
        } else {
            payload = script.substr(0, size);
            script.remove_prefix(payload.size());
        }
        stream.push_back(first);
        const size_t extended = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
        const size_t length7 = extended == 0 ? payload.size() : extended == 2 ? 126 : 127;
        stream.push_back(static_cast<char>(0x80 | length7));
        for (size_t i = extended; i-- > 0;)
            stream.push_back(static_cast<char>(payload.size() >> 8 * i));
        const char masks[] = {mask, static_cast<char>(mask + 1), static_cast<char>(mask ^ 0x55), mask};
        stream.append(masks, 4);
        for (size_t i = 0; i < payload.size(); ++i)
            payload[i] = static_cast<char>(payload[i] ^ masks[i % 4]);
        stream += payload;
    }
    return stream + std::string(script);
}

}  // namespace gatewayd::fuzz

#endif
