#include "core/net/proxy_protocol.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

using Result = ProxyProtocolResult;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string number(size_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
}

// A header of version 2; `length` is what it says of the block.
std::string binary(int version_command, int family_protocol, const std::string& block, size_t length) {
    return signature + static_cast<char>(version_command) + static_cast<char>(family_protocol) +
           number(length) + block;
}
std::string binary(int version_command, int family_protocol, const std::string& block) {
    return binary(version_command, family_protocol, block, block.size());
}

const std::string v4_block =
    std::string("\xC0\x00\x02\x01\xC0\x00\x02\x09", 8) + number(52110) + number(8081);
const std::string v6_block = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16) +
                             std::string(16, '\2') + number(52110) + number(8081);

// Whole headers, in each possible number of first bytes, and with something behind them.
void check_header(const std::string& bytes, const std::string& client) {
    CAPTURE(bytes);
    ProxyProtocolHeader header;
    const char* why = "";
    for (size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        REQUIRE(parse_proxy_protocol(bytes.substr(0, size), &header, &why) == Result::need_more);
    }
    for (const std::string& behind : {std::string(), std::string("G"), std::string(5000, '\r')}) {
        REQUIRE(parse_proxy_protocol(bytes + behind, &header, &why) == Result::header);
        CHECK(header.size == bytes.size());
        CHECK((header.client ? header.client->text() : "none") == client);
    }
}

// `good`: how many of the bytes could still have become a header.
void check_error(const std::string& bytes, size_t good, const std::string& part_of_why) {
    CAPTURE(bytes);
    ProxyProtocolHeader header;
    const char* why = "";
    for (size_t size = 0; size <= bytes.size(); ++size) {
        CAPTURE(size);
        const bool is_good = size <= good;
        REQUIRE(parse_proxy_protocol(bytes.substr(0, size), &header, &why) ==
                (is_good ? Result::need_more : Result::error));
    }
    CHECK_MESSAGE(std::string(why).find(part_of_why) != std::string::npos, why);
}

TEST_CASE("version 1: whom the line names") {
    check_header("PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081\r\n", "192.0.2.1:52110");
    check_header("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535");
    check_header("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0");
    check_header("PROXY TCP6 2001:db8::1 2001:db8::9 52110 8081\r\n", "[2001:db8::1]:52110");
    check_header("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1");
    const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    check_header("PROXY TCP6 " + longest + " " + longest + " 65535 65535\r\n", "[" + longest + "]:65535");
    check_header("PROXY UNKNOWN\r\n", "none");
    check_header("PROXY UNKNOWN " + longest + " " + longest + " 65535 65535\r\n", "none");  // 107 bytes
    check_header("PROXY UNKNOWN whatever: 192.0.2.1\r\n", "none");
}

TEST_CASE("version 1: lines that are none") {
    const std::string form = "the PROXY line is not";
    for (const char* line : {
             "PROXY ",
             "PROXY TCP4",
             "PROXY TCP4 192.0.2.1 192.0.2.9 52110",
             "PROXY TCP4 192.0.2.1 192.0.2.9 52110 ",
             "PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081 ",
             "PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081 1",
             "PROXY TCP4  192.0.2.1 192.0.2.9 52110 8081",
             "PROXY  TCP4 192.0.2.1 192.0.2.9 52110 8081",
             "PROXY TCP4 192.0.2.1\t192.0.2.9 52110 8081",
             "PROXY TCP4 192.0.2.1 192.0.2.9 65536 8081",
             "PROXY TCP4 192.0.2.1 192.0.2.9 52110 080",
             "PROXY TCP4 192.0.2.1 192.0.2.9 -1 8081",
             "PROXY TCP4 192.0.2.1 192.0.2.9 0x1 8081",
             "PROXY TCP4 192.0.2.256 192.0.2.9 1 2",
             "PROXY TCP4 192.0.2.1 proxy 1 2",
             "PROXY TCP4 2001:db8::1 2001:db8::9 1 2",
             "PROXY TCP6 192.0.2.1 192.0.2.9 1 2",
             "PROXY TCP6 [2001:db8::1] [2001:db8::9] 1 2",
             "PROXY UDP4 192.0.2.1 192.0.2.9 1 2",
             "PROXY tcp4 192.0.2.1 192.0.2.9 1 2",
             "PROXY UNKNOWNS",
         }) {
        const std::string text(line);
        check_error(text + "\r\n", text.size() + 1, form);
    }
    check_error("PROXY UNKNOWN\n", 13, "does not end with CR LF");
    check_error("PROXY UNKNOWN\rx", 14, "does not end with CR LF");
    check_error(std::string("PROXY UNKNOWN\0", 14), 13, "does not end with CR LF");
    check_error("PROXY UNKNOWN " + std::string(200, 'x'), 106, "longer than 107 bytes");
    check_error("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", 106, "longer than 107 bytes");
}

TEST_CASE("version 2: whom the header names") {
    check_header(binary(0x21, 0x11, v4_block), "192.0.2.1:52110");
    check_header(binary(0x21, 0x21, v6_block), "[2001:db8::1]:52110");
    // Extensions behind the addresses are skipped, good or not.
    check_header(binary(0x21, 0x11, v4_block + std::string("\x04\x00\x02xx", 5)), "192.0.2.1:52110");
    check_header(binary(0x21, 0x21, v6_block + "\x03\xFF\xFF"), "[2001:db8::1]:52110");
    check_header(binary(0x21, 0x11, v4_block + std::string(4096 - 16 - 12, 'x')), "192.0.2.1:52110");
    // The proxy speaks for itself; what else it says does not count.
    check_header(binary(0x20, 0x00, ""), "none");
    check_header(binary(0x20, 0x11, v4_block), "none");
    check_header(binary(0x20, 0xFF, "abc"), "none");
    // Not said, a Unix socket, datagrams.
    check_header(binary(0x21, 0x00, ""), "none");
    check_header(binary(0x21, 0x00, v4_block), "none");
    check_header(binary(0x21, 0x31, std::string(216, 'p')), "none");
    check_header(binary(0x21, 0x12, v4_block), "none");
    check_header(binary(0x21, 0x22, v6_block), "none");
}

TEST_CASE("version 2: headers that are none, as soon as that is certain") {
    check_error(binary(0x11, 0x11, v4_block), 12, "another version");
    check_error(binary(0x31, 0x11, v4_block), 12, "another version");
    check_error(binary(0x22, 0x11, v4_block), 12, "neither LOCAL nor PROXY");
    check_error(binary(0x21, 0x41, v4_block), 15, "unknown address family");
    check_error(binary(0x21, 0x13, v4_block), 15, "unknown address family");
    check_error(binary(0x21, 0x11, v4_block, 11), 15, "too short");
    check_error(binary(0x21, 0x21, v6_block, 35), 15, "too short");
    check_error(binary(0x21, 0x11, v4_block, 4096 - 16 + 1), 15, "longer than 4096");
    check_error(binary(0x20, 0x00, "", 65535), 15, "longer than 4096");
    check_error("\r\n\r\n\r\n\r\n\r\n", 4, "no PROXY header");
}

TEST_CASE("what begins neither way") {
    check_error("GET /ws HTTP/1.1\r\n\r\n", 0, "no PROXY header");
    check_error("PROXX", 4, "no PROXY header");
    check_error("P\r\n", 1, "no PROXY header");
    check_error("\x16\x03\x01", 0, "no PROXY header");
    check_error("\rP", 1, "no PROXY header");
}

TEST_CASE("a PROXY header is known by its first bytes") {
    CHECK(looks_like_proxy_protocol("PROXY "));
    CHECK(looks_like_proxy_protocol("PROXY TCP4 192.0.2.1"));
    CHECK(looks_like_proxy_protocol(signature));
    CHECK(looks_like_proxy_protocol(signature + "x"));
    for (const std::string& text :
         {std::string(), std::string("PROXY"), std::string("PROXYX "), std::string("GET / HTTP/1.1"),
          signature.substr(0, 11), std::string("\r\n")})
        CHECK_FALSE(looks_like_proxy_protocol(text));
}

}  // namespace
}  // namespace gatewayd
