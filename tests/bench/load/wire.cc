#include "tests/bench/load/wire.h"

#include <cstring>

namespace load {
namespace {

// The example of RFC 6455, 1.3. A server cannot tell it from a random one, and the answer is known without
// SHA-1.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr uint64_t max_frame_size = 16 << 20;

uint32_t next_mask() {
    static uint32_t state = 2463534242;  // xorshift32: never zero
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

uint64_t big_endian(const char* bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

}  // namespace

std::string upgrade_request(std::string_view path, uint16_t port, bool deflate, std::string_view token) {
    std::string request = "GET ";
    request.append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:").append(std::to_string(port));
    request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://127.0.0.1");
    request.append("\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
    request.append(key).append("\r\n");
    if (!token.empty()) request.append("Authorization: Bearer ").append(token).append("\r\n");
    if (deflate) {
        request.append(
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n");
    }
    request.append("\r\n");
    return request;
}

Parse parse_upgrade_answer(std::string_view bytes, bool deflate, size_t& size, std::string& error) {
    const size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return Parse::incomplete;
    size = end + 4;
    const std::string_view head = bytes.substr(0, size);
    if (head.substr(0, 12) != "HTTP/1.1 101") {
        error = head.substr(0, head.find("\r\n"));
        return Parse::invalid;
    }
    if (head.find(accept) == std::string_view::npos) {
        error = "wrong Sec-WebSocket-Accept";
        return Parse::invalid;
    }
    const bool has_it = head.find("permessage-deflate") != std::string_view::npos;
    if (has_it != deflate || (deflate && head.find("server_no_context_takeover") == std::string_view::npos)) {
        error = "the server does not agree about permessage-deflate";
        return Parse::invalid;
    }
    return Parse::whole;
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool packed) {
    const uint32_t mask = next_mask();
    const uint64_t size = payload.size();
    const size_t size_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    const size_t start = out.size();
    out.resize(start + 2 + size_bytes + sizeof(mask) + size);
    char* at = out.data() + start;
    *at++ = static_cast<char>(0x80 | (packed ? 0x40 : 0) | static_cast<uint8_t>(opcode));
    *at++ = static_cast<char>(0x80 | (size_bytes == 0 ? size : size_bytes == 2 ? 126 : 127));
    for (size_t i = size_bytes; i-- > 0;)
        *at++ = static_cast<char>(size >> (8 * i));
    std::memcpy(at, &mask, sizeof(mask));
    at += sizeof(mask);
    size_t i = 0;
    for (; i + sizeof(mask) <= size; i += sizeof(mask)) {
        uint32_t word;
        std::memcpy(&word, payload.data() + i, sizeof(word));
        word ^= mask;
        std::memcpy(at + i, &word, sizeof(word));
    }
    char mask_bytes[sizeof(mask)];
    std::memcpy(mask_bytes, &mask, sizeof(mask));
    for (size_t j = 0; i < size; ++i, ++j)
        at[i] = static_cast<char>(payload[i] ^ mask_bytes[j]);
}

Parse parse_frame(std::string_view bytes, Frame& frame) {
    if (bytes.size() < 2) return Parse::incomplete;
    const auto first = static_cast<uint8_t>(bytes[0]);
    const auto second = static_cast<uint8_t>(bytes[1]);
    if ((first & 0x30) != 0 || (second & 0x80) != 0) return Parse::invalid;
    uint64_t size = second;
    const size_t size_bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
    const size_t header_size = 2 + size_bytes;
    if (bytes.size() < header_size) return Parse::incomplete;
    if (size_bytes != 0) size = big_endian(bytes.data() + 2, size_bytes);
    if (size > max_frame_size) return Parse::invalid;
    if (bytes.size() - header_size < size) return Parse::incomplete;
    frame.final = (first & 0x80) != 0;
    frame.packed = (first & 0x40) != 0;
    frame.opcode = static_cast<Opcode>(first & 0x0f);
    frame.payload = bytes.substr(header_size, size);
    frame.size = header_size + size;
    return Parse::whole;
}

}  // namespace load
