#include "tests/bench/load/wire.h"

#include <doctest/doctest.h>

using load::Frame;
using load::Opcode;
using load::Parse;

namespace {

// What a server would see: the payload of a masked frame whose header is this long.
std::string unmasked(const std::string& frame, size_t header_size) {
    const std::string mask = frame.substr(header_size - 4, 4);
    std::string payload = frame.substr(header_size);
    for (size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    return payload;
}

}  // namespace

TEST_CASE("frames out are masked and have the shortest length form") {
    const struct {
        size_t size;
        size_t header_size;
        std::string start;
    } cases[] = {{0, 6, "\x81\x80"},
                 {125, 6, "\x81\xfd"},
                 {126, 8, std::string("\x81\xfe\x00\x7e", 4)},
                 {65536, 14, std::string("\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00", 10)}};
    for (const auto& c : cases) {
        CAPTURE(c.size);
        const std::string payload(c.size, 'p');
        std::string out;
        load::append_frame(out, Opcode::text, payload);
        REQUIRE(out.size() == c.header_size + c.size);
        CHECK(out.substr(0, c.start.size()) == c.start);
        CHECK(unmasked(out, c.header_size) == payload);
    }
}

TEST_CASE("frames in: whole only with the last byte") {
    const std::string bytes = std::string("\x81\x7e\x00\x80", 4) + std::string(128, 'p') + "\x89";
    Frame frame;
    for (size_t size = 0; size < 132; ++size) {
        CAPTURE(size);
        CHECK(load::parse_frame(bytes.substr(0, size), frame) == Parse::incomplete);
    }
    REQUIRE(load::parse_frame(bytes, frame) == Parse::whole);
    CHECK(frame.final);
    CHECK(frame.opcode == Opcode::text);
    CHECK(frame.size == 132);
    CHECK(frame.payload == std::string(128, 'p'));
}

TEST_CASE("a compressed message has the first reserved bit, out and in") {
    std::string out;
    load::append_frame(out, Opcode::text, "p", true);
    CHECK(out.substr(0, 2) == "\xc1\x81");
    Frame frame;
    REQUIRE(load::parse_frame("\xc1\x01p", frame) == Parse::whole);
    CHECK(frame.packed);
    CHECK(frame.opcode == Opcode::text);
    REQUIRE(load::parse_frame("\x81\x01p", frame) == Parse::whole);
    CHECK_FALSE(frame.packed);
}

TEST_CASE("frames in: a mask or another reserved bit is invalid") {
    Frame frame;
    CHECK(load::parse_frame(std::string("\x81\x80\0\0\0\0", 6), frame) == Parse::invalid);
    CHECK(load::parse_frame(std::string("\xa1\x00", 2), frame) == Parse::invalid);
}

TEST_CASE("the upgrade's answer") {
    const std::string good =
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    size_t size = 0;
    std::string error;
    CHECK(load::parse_upgrade_answer(good.substr(0, good.size() - 1), false, size, error) ==
          Parse::incomplete);
    REQUIRE(load::parse_upgrade_answer(good + "\x81", false, size, error) == Parse::whole);
    CHECK(size == good.size());
    CHECK(load::parse_upgrade_answer("HTTP/1.1 503 Full\r\nRetry-After: 1\r\n\r\n", false, size, error) ==
          Parse::invalid);
    CHECK(error == "HTTP/1.1 503 Full");
    CHECK(load::parse_upgrade_answer("HTTP/1.1 101 OK\r\n\r\n", false, size, error) == Parse::invalid);
}

TEST_CASE("the upgrade's answer about permessage-deflate is what was offered, or invalid") {
    const std::string start =
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    const std::string takes_over = start + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const std::string agrees =
        start + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n";
    CHECK(load::upgrade_request("/", 1, true).find("\r\nSec-WebSocket-Extensions: permessage-deflate;") !=
          std::string::npos);
    CHECK(load::upgrade_request("/", 1, false).find("deflate") == std::string::npos);
    size_t size = 0;
    std::string error;
    CHECK(load::parse_upgrade_answer(agrees, true, size, error) == Parse::whole);
    CHECK(load::parse_upgrade_answer(takes_over, true, size, error) == Parse::invalid);
    CHECK(load::parse_upgrade_answer(start + "\r\n", true, size, error) == Parse::invalid);
    CHECK(load::parse_upgrade_answer(agrees, false, size, error) == Parse::invalid);
}
