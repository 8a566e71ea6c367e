#include "core/net/frame.h"

#include <cassert>
#include <cstring>

#include "core/base/utf8.h"

namespace gatewayd {
namespace {

uint64_t big_endian(const unsigned char* bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i)
        value = value << 8 | bytes[i];
    return value;
}

// Codes that may stand in a close frame (7.4.1, 7.4.2, and the IANA registry's 1012..1014).
bool is_sendable_close_code(uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return code >= 1000 && code <= 1014 && code != 1004 && code != close_no_status && code != close_abnormal;
}

}  // namespace

HeaderResult parse_client_header(std::string_view data, size_t max_message_bytes, bool deflate,
                                 FrameHeader* header, ProtocolError* error) {
    auto fail = [&](const char* text, CloseCode code = close_protocol_error,
                    DisconnectReason reason = DisconnectReason::protocol_error) {
        *error = {code, reason, text};
        return HeaderResult::error;
    };
    if (data.empty()) return HeaderResult::incomplete;
    const auto* p = reinterpret_cast<const unsigned char*>(data.data());
    const uint8_t opcode = p[0] & 0x0F;
    header->compressed = false;
    if (p[0] & 0x70) {
        const bool begins_message = opcode == 1 || opcode == 2;
        if ((p[0] & 0x70) != 0x40 || !deflate || !begins_message) return fail("reserved bits are set");
        header->compressed = true;
        max_message_bytes = max_compressed_bytes(max_message_bytes);
    }
    if (opcode > 10 || (opcode > 2 && opcode < 8)) return fail("reserved opcode");
    header->opcode = static_cast<Opcode>(opcode);
    header->fin = p[0] & 0x80;
    const bool control = is_control(header->opcode);
    if (control && !header->fin) return fail("control frame is fragmented");
    if (data.size() < 2) return HeaderResult::incomplete;
    if (!(p[1] & 0x80)) return fail("client frames must be masked");
    const uint8_t length7 = p[1] & 0x7F;
    if (control && length7 > max_control_payload_bytes) return fail("control frame is over 125 bytes");
    const unsigned extended = length7 == 127 ? 8 : length7 == 126 ? 2 : 0;
    header->size = static_cast<uint8_t>(2 + extended + 4);
    if (data.size() < 2 + extended) return HeaderResult::incomplete;
    header->length = extended ? big_endian(p + 2, static_cast<int>(extended)) : length7;
    if (extended == 2 && header->length < 126) return fail("length is not in its shortest form");
    if (extended == 8 && header->length < 65536) return fail("length is not in its shortest form");
    if (header->length >> 63) return fail("length has its top bit set");
    if (header->length > max_message_bytes) {
        return fail("message is over max_message_size", close_too_big, DisconnectReason::too_big);
    }
    if (data.size() < header->size) return HeaderResult::incomplete;
    std::memcpy(&header->mask, p + 2 + extended, 4);
    return HeaderResult::complete;
}

void unmask(char* data, size_t size, uint32_t mask, size_t phase) {
    unsigned char key[8];
    for (size_t i = 0; i < 8; ++i)
        key[i] = reinterpret_cast<const unsigned char*>(&mask)[(phase + i) & 3];
    uint64_t word;
    std::memcpy(&word, key, 8);
    size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        uint64_t block[4];
        std::memcpy(block, data + i, 32);
        for (uint64_t& part : block)
            part ^= word;
        std::memcpy(data + i, block, 32);
    }
    for (; i + 8 <= size; i += 8) {
        uint64_t part;
        std::memcpy(&part, data + i, 8);
        part ^= word;
        std::memcpy(data + i, &part, 8);
    }
    for (; i < size; ++i)
        data[i] = static_cast<char>(data[i] ^ key[i & 7]);
}

size_t server_header_size(size_t payload_size) {
    return payload_size < 126 ? 2 : payload_size < 65536 ? 4 : 10;
}

void append_server_header(Opcode opcode, size_t payload_size, std::string* out, bool compressed) {
    char header[max_server_header_bytes];
    const size_t size = server_header_size(payload_size);
    header[0] = static_cast<char>(0x80 | (compressed ? 0x40 : 0) | static_cast<uint8_t>(opcode));
    header[1] = static_cast<char>(size == 2 ? payload_size : size == 4 ? 126 : 127);
    for (size_t i = 2; i < size; ++i)
        header[i] = static_cast<char>(payload_size >> 8 * (size - 1 - i));
    out->append(header, size);
}

size_t server_frame_size(std::string_view frame) {
    const auto* p = reinterpret_cast<const unsigned char*>(frame.data());
    assert(frame.size() >= 2);
    if (p[1] < 126) return 2U + p[1];
    if (p[1] == 126) return 4 + big_endian(p + 2, 2);
    return 10 + big_endian(p + 2, 8);
}

std::string_view server_frame_payload(std::string_view frame) {
    const auto length7 = static_cast<unsigned char>(frame[1]);
    return frame.substr(length7 < 126 ? 2 : length7 == 126 ? 4 : 10);
}

bool parse_close_payload(std::string_view payload, uint16_t* code, std::string_view* reason,
                         ProtocolError* error) {
    *code = close_no_status;
    *reason = {};
    if (payload.empty()) return true;
    if (payload.size() == 1) {
        *error = {close_protocol_error, DisconnectReason::protocol_error, "close frame has half a code"};
        return false;
    }
    *code = static_cast<uint16_t>(big_endian(reinterpret_cast<const unsigned char*>(payload.data()), 2));
    *reason = payload.substr(2);
    if (!is_sendable_close_code(*code)) {
        *error = {close_protocol_error, DisconnectReason::protocol_error, "close code is not allowed"};
        return false;
    }
    if (!is_valid_utf8(*reason)) {
        *error = {close_invalid_payload, DisconnectReason::invalid_utf8, "close reason is not UTF-8"};
        return false;
    }
    return true;
}

std::string close_frame(uint16_t code, std::string_view reason) {
    std::string frame;
    if (code == close_no_status) {
        append_server_header(Opcode::close, 0, &frame);
        return frame;
    }
    if (reason.size() > max_control_payload_bytes - 2) {
        size_t end = max_control_payload_bytes - 2;
        while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80)
            --end;
        reason = reason.substr(0, end);
    }
    append_server_header(Opcode::close, 2 + reason.size(), &frame);
    frame.push_back(static_cast<char>(code >> 8));
    frame.push_back(static_cast<char>(code & 0xFF));
    frame.append(reason);
    return frame;
}

}  // namespace gatewayd
