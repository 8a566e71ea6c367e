#include "core/net/frame.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>

#include "core/base/utf8.h"

namespace gatewayd {
namespace {

constexpr size_t max_bytes = 1024 * 1024;

// A client's frame header with the given first byte and length form (7, 16 or 64 bits).
std::string client_header(unsigned first, uint64_t length, int bits, bool masked = true) {
    std::string header;
    header.push_back(static_cast<char>(first));
    const unsigned mask_bit = masked ? 0x80 : 0;
    if (bits == 7) {
        header.push_back(static_cast<char>(mask_bit | length));
    } else {
        header.push_back(static_cast<char>(mask_bit | (bits == 16 ? 126 : 127)));
        for (int shift = bits - 8; shift >= 0; shift -= 8)
            header.push_back(static_cast<char>(length >> shift));
    }
    if (masked) header += "\x01\x02\x03\x04";
    return header;
}

HeaderResult parse(std::string_view data, FrameHeader* header, ProtocolError* error,
                   size_t limit = max_bytes) {
    return parse_client_header(data, limit, false, header, error);
}

void check_error(const std::string& data, const char* text, CloseCode code = close_protocol_error) {
    FrameHeader header;
    ProtocolError error;
    CAPTURE(text);
    REQUIRE(parse(data, &header, &error) == HeaderResult::error);
    CHECK(std::string(error.text) == text);
    CHECK(error.code == code);
}

TEST_CASE("every length and opcode parses; each shorter prefix is incomplete") {
    for (const uint64_t length : {0, 1, 125, 126, 127, 65535, 65536, 1048576}) {
        for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U}) {
            for (const bool fin : {false, true}) {
                if (opcode >= 8 && (length > 125 || !fin)) continue;
                const int bits = length < 126 ? 7 : length < 65536 ? 16 : 64;
                const std::string data = client_header(opcode | (fin ? 0x80 : 0), length, bits);
                CAPTURE(length);
                CAPTURE(opcode);
                FrameHeader header;
                ProtocolError error;
                for (size_t size = 0; size < data.size(); ++size) {
                    REQUIRE(parse(std::string_view(data).substr(0, size), &header, &error) ==
                            HeaderResult::incomplete);
                }
                REQUIRE(parse(data + "payload", &header, &error) == HeaderResult::complete);
                CHECK(header.length == length);
                CHECK(static_cast<unsigned>(header.opcode) == opcode);
                CHECK(header.fin == fin);
                CHECK(header.size == data.size());
                CHECK(std::memcmp(&header.mask, "\x01\x02\x03\x04", 4) == 0);
            }
        }
    }
}

TEST_CASE("RSV1 begins a compressed message where that was negotiated") {
    FrameHeader header;
    ProtocolError error;
    for (const unsigned first : {0xC1U, 0xC2U, 0x41U, 0x42U}) {
        CAPTURE(first);
        const std::string data = client_header(first, 5, 7);
        REQUIRE(parse_client_header(data, max_bytes, true, &header, &error) == HeaderResult::complete);
        CHECK(header.compressed);
        CHECK(parse_client_header(data, max_bytes, false, &header, &error) == HeaderResult::error);
    }
    REQUIRE(parse_client_header(client_header(0x81, 5, 7), max_bytes, true, &header, &error) ==
            HeaderResult::complete);
    CHECK_FALSE(header.compressed);
    for (const unsigned first : {0xC0U, 0x40U, 0xC8U, 0xC9U, 0xCAU, 0xE1U, 0xD1U, 0xF1U, 0xC3U, 0xCBU}) {
        CAPTURE(first);
        REQUIRE(parse_client_header(client_header(first, 5, 7), max_bytes, true, &header, &error) ==
                HeaderResult::error);
        CHECK(error.code == close_protocol_error);
    }
    std::string frame;
    append_server_header(Opcode::binary, 300, &frame, true);
    CHECK(static_cast<unsigned char>(frame[0]) == 0xC2);
    CHECK(server_frame_opcode(frame) == Opcode::binary);
}

TEST_CASE("what RFC 6455 forbids in a client's header is an error, as soon as it shows") {
    for (const unsigned bit : {0x40U, 0x20U, 0x10U})
        check_error(client_header(0x81 | bit, 1, 7), "reserved bits are set");
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        check_error(std::string(1, static_cast<char>(0x80 | opcode)), "reserved opcode");
    }
    for (const unsigned opcode : {8U, 9U, 10U}) {
        check_error(std::string(1, static_cast<char>(opcode)), "control frame is fragmented");
        check_error(client_header(0x80 | opcode, 126, 16), "control frame is over 125 bytes");
        check_error(client_header(0x80 | opcode, 65536, 64), "control frame is over 125 bytes");
    }
    check_error(client_header(0x81, 5, 7, false), "client frames must be masked");
    for (const uint64_t length : {0, 125})
        check_error(client_header(0x81, length, 16), "length is not in its shortest form");
    for (const uint64_t length : {0, 125, 65535}) {
        check_error(client_header(0x81, length, 64), "length is not in its shortest form");
    }
    check_error(client_header(0x82, uint64_t{1} << 63, 64), "length has its top bit set");
    check_error(client_header(0x82, max_bytes + 1, 64), "message is over max_message_size", close_too_big);
    check_error(client_header(0x82, ~uint64_t{0} >> 1, 64), "message is over max_message_size",
                close_too_big);
    // Before the mask has come.
    check_error(client_header(0x82, max_bytes + 1, 64).substr(0, 10), "message is over max_message_size",
                close_too_big);
}

TEST_CASE("unmask is XOR with the mask at every phase, size and alignment") {
    std::mt19937 random(7);
    std::string source(600, '\0');
    for (char& c : source)
        c = static_cast<char>(random());
    const uint32_t mask = random();
    const auto* key = reinterpret_cast<const unsigned char*>(&mask);
    for (size_t size = 0; size < 140; ++size) {
        for (size_t phase = 0; phase < 4; ++phase) {
            for (size_t at = 0; at < 9; ++at) {
                std::string data = source;
                unmask(data.data() + at, size, mask, phase);
                std::string expected = source;
                for (size_t i = 0; i < size; ++i) {
                    expected[at + i] =
                        static_cast<char>(expected[at + i] ^ static_cast<char>(key[(i + phase) % 4]));
                }
                REQUIRE(data == expected);
            }
        }
    }
}

TEST_CASE("a server's frame says its own size and gives back its payload") {
    for (const size_t size : {0, 1, 125, 126, 127, 65535, 65536, 200000}) {
        std::string frame;
        append_server_header(Opcode::text, size, &frame);
        CHECK(frame.size() == server_header_size(size));
        CHECK(frame.size() <= max_server_header_bytes);
        CHECK(static_cast<unsigned char>(frame[0]) == 0x81);
        CHECK((frame[1] & 0x80) == 0);  // servers do not mask
        const std::string payload(size, 'p');
        frame += payload;
        CHECK(server_frame_size(frame) == frame.size());
        CHECK(server_frame_size(frame + "behind") == frame.size());
        CHECK(server_frame_payload(frame) == payload);
    }
}

TEST_CASE("close payloads: codes that may be sent, and reasons in UTF-8") {
    uint16_t code = 0;
    std::string_view reason;
    ProtocolError error;
    REQUIRE(parse_close_payload("", &code, &reason, &error));
    CHECK(code == close_no_status);
    CHECK_FALSE(parse_close_payload("\x03", &code, &reason, &error));
    CHECK(error.code == close_protocol_error);
    for (unsigned value = 0; value < 65536; ++value) {
        const bool allowed = (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
                             (value >= 3000 && value <= 4999);
        const std::string payload = {static_cast<char>(value >> 8), static_cast<char>(value), 'b', 'y', 'e'};
        REQUIRE(parse_close_payload(payload, &code, &reason, &error) == allowed);
        if (!allowed) continue;
        REQUIRE(code == value);
        REQUIRE(reason == "bye");
    }
    CHECK_FALSE(parse_close_payload("\x03\xE8\xC3\x28", &code, &reason, &error));
    CHECK(error.code == close_invalid_payload);
    CHECK(error.reason == DisconnectReason::invalid_utf8);
}

TEST_CASE("our close frames fit into a control frame and stay UTF-8") {
    CHECK(close_frame(close_no_status, "ignored") == std::string("\x88\x00", 2));
    CHECK(close_frame(1000, "bye") == std::string("\x88\x05\x03\xE8", 4) + "bye");
    for (size_t letters = 0; letters < 8; ++letters) {
        std::string reason(letters, 'x');
        while (reason.size() < 200)
            reason += "\xE4\xBD\xA0";
        const std::string frame = close_frame(1008, reason);
        REQUIRE(server_frame_size(frame) == frame.size());
        const std::string_view payload = server_frame_payload(frame);
        CHECK(payload.size() <= max_control_payload_bytes);
        CHECK(payload.size() > max_control_payload_bytes - 3);
        CHECK(is_valid_utf8(payload.substr(2)));
        CHECK(reason.compare(0, payload.size() - 2, payload.substr(2)) == 0);
    }
}

}  // namespace
}  // namespace gatewayd
