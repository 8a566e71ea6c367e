// RFC 6455 section 5: frame headers, masking. Pure functions over bytes: any thread.
#ifndef GATEWAYD_CORE_NET_FRAME_H
#define GATEWAYD_CORE_NET_FRAME_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/disconnect.h"

namespace gatewayd {

enum class Opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline bool is_control(Opcode opcode) {
    return static_cast<uint8_t>(opcode) >= 8;
}

inline constexpr size_t max_client_header_bytes = 14;
inline constexpr size_t max_server_header_bytes = 10;
inline constexpr size_t max_control_payload_bytes = 125;

// Why a connection must end, as the client is told. `text` has static storage.
struct ProtocolError {
    CloseCode code = close_protocol_error;
    DisconnectReason reason = DisconnectReason::protocol_error;
    const char* text = "";
};

struct FrameHeader {
    uint64_t length = 0;  // of the payload
    uint32_t mask = 0;    // as it stands in memory
    Opcode opcode = Opcode::continuation;
    uint8_t size = 0;  // of the header itself
    bool fin = false;
    bool compressed = false;  // RSV1: begins a message in the sense of RFC 7692
};

enum class HeaderResult : uint8_t { complete, incomplete, error };

// Reads the header of a client's frame from the first bytes of `data`. Errors: reserved bits or opcodes, no
// mask (5.1), a control frame that is fragmented or over 125 bytes (5.5), a length not in its shortest form
// or with its top bit set (5.2), a length over max_message_bytes (1009). `deflate`: the connection negotiated
// permessage-deflate, so that RSV1 may stand on the first frame of a message (RFC 7692 section 6).
HeaderResult parse_client_header(std::string_view data, size_t max_message_bytes, bool deflate,
                                 FrameHeader* header, ProtocolError* error);

// What a message takes at most that DEFLATE cannot make smaller.
inline constexpr size_t max_compressed_bytes(size_t message_bytes) {
    return message_bytes + message_bytes / 8 + 64;
}

// XORs `data` with the mask, of which `phase` bytes were used before (5.3). In place.
void unmask(char* data, size_t size, uint32_t mask, size_t phase);

// Appends a server's frame header: fin, no mask; `compressed`: RSV1.
void append_server_header(Opcode opcode, size_t payload_size, std::string* out, bool compressed = false);
size_t server_header_size(size_t payload_size);

// Size of the whole server frame that begins at `frame`, which has at least its header.
size_t server_frame_size(std::string_view frame);
// The opcode and the payload of a whole server frame.
inline Opcode server_frame_opcode(std::string_view frame) {
    return static_cast<Opcode>(frame.front() & 0x0F);
}
std::string_view server_frame_payload(std::string_view frame);

// Of the payload of a received close frame (5.5.1, 7.4): *code is 1005 when there is none. False: the
// payload is not allowed, *error says why.
bool parse_close_payload(std::string_view payload, uint16_t* code, std::string_view* reason,
                         ProtocolError* error);
// A whole close frame; `reason` is cut to 123 bytes at a character's border. Code 1005: without a payload.
std::string close_frame(uint16_t code, std::string_view reason);

}  // namespace gatewayd

#endif
