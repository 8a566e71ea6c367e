// The client's side of RFC 6455, as much as a load generator needs: the upgrade request and its answer,
// masked frames out, unmasked frames in. Pure functions on bytes.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_WIRE_H
#define GATEWAYD_TESTS_BENCH_LOAD_WIRE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace load {

enum class Opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct Frame {
    bool final = false;
    bool packed = false;  // RFC 7692: the payload is deflated
    Opcode opcode = Opcode::text;
    std::string_view payload;
    size_t size = 0;  // with the header
};

enum class Parse : uint8_t { whole, incomplete, invalid };

// `deflate`: offers permessage-deflate without context takeover, and nothing else.
std::string upgrade_request(std::string_view path, uint16_t port, bool deflate, std::string_view token = {});

// `incomplete` until the empty line has come; then the head's size in `size`, and `invalid` (with the status
// line in `error`) unless it is 101 with the right Sec-WebSocket-Accept and, for `deflate`, agrees to what
// was offered.
Parse parse_upgrade_answer(std::string_view bytes, bool deflate, size_t& size, std::string& error);

// Appends one masked frame; the key changes with every call.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool packed = false);

// The frame at the start of the bytes. Masked frames, reserved bits but the one of `packed`, and more
// than 16 MB are invalid.
Parse parse_frame(std::string_view bytes, Frame& frame);

}  // namespace load

#endif
