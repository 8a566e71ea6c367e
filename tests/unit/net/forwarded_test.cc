#include "core/net/forwarded.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

CidrList trusted() {
    CidrList list;
    std::string why;
    for (const char* text : {"10.0.0.0/8", "2001:db8:ffff::/48"})
        list.push_back(*Cidr::parse(text, &why));
    return list;
}

PeerAddress peer() {
    PeerAddress address = *PeerAddress::from_ip("10.0.0.1");
    address.port = 4000;
    return address;
}

struct Case {
    std::string value;
    std::string client;
    bool unclear = false;
};

TEST_CASE("a node is an address, in any of its forms, with or without a port") {
    const std::vector<std::pair<const char*, const char*>> good = {
        {"192.0.2.1", "192.0.2.1:0"},
        {"192.0.2.1:52110", "192.0.2.1:52110"},
        {"192.0.2.1:0", "192.0.2.1:0"},
        {"192.0.2.1:00080", "192.0.2.1:80"},
        {"192.0.2.1:_port-1.x", "192.0.2.1:0"},
        {"2001:db8::1", "[2001:db8::1]:0"},
        {"::", "[::]:0"},
        {"2001:db8::1:80", "[2001:db8::1:80]:0"},
        {"[2001:db8::1]", "[2001:db8::1]:0"},
        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"[2001:db8::1]:_p", "[2001:db8::1]:0"},
        {"::ffff:192.0.2.1", "192.0.2.1:0"},
        {"[::ffff:192.0.2.1]:80", "192.0.2.1:80"},
    };
    for (const auto& [text, expected] : good) {
        CAPTURE(text);
        const auto node = parse_forwarded_node(text);
        REQUIRE(node);
        CHECK(node->text() == expected);
    }
    for (const char* text : {"",
                             "unknown",
                             "_hidden",
                             "_",
                             "localhost",
                             "192.0.2",
                             "192.0.2.1:",
                             "192.0.2.1:65536",
                             "192.0.2.1:-1",
                             "192.0.2.1:123456",
                             "192.0.2.1:_",
                             "192.0.2.1:_p!",
                             "192.0.2.1:8 0",
                             "192.0.2.1 ",
                             ":80",
                             "[192.0.2.1]",
                             "[::1",
                             "[::1]x",
                             "[::1]:",
                             "[::1]:x",
                             "[]",
                             "[]:80",
                             "::1]",
                             "[[::1]]",
                             "::1%lo",
                             "\"192.0.2.1\"",
                             "192.0.2.1, 192.0.2.2",
                             "unix:"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_forwarded_node(text));
    }
}

TEST_CASE("X-Forwarded-For: the first from the right that is not trusted") {
    const std::vector<Case> cases = {
        {"192.0.2.1", "192.0.2.1:0"},
        {" \t192.0.2.1 ", "192.0.2.1:0"},
        {"192.0.2.1:52110", "192.0.2.1:52110"},
        {"192.0.2.7, 192.0.2.1", "192.0.2.1:0"},
        {"192.0.2.7,192.0.2.1,10.0.0.2", "192.0.2.1:0"},
        {"192.0.2.7, 192.0.2.1, 10.0.0.2, 2001:db8:ffff::1", "192.0.2.1:0"},
        {"192.0.2.7, [2001:db8::1]:80, 10.0.0.2", "[2001:db8::1]:80"},
        {"192.0.2.1, ::ffff:10.0.0.2", "192.0.2.1:0"},
        // What the client wrote itself does not matter, whatever it is.
        {"10.0.0.9, 192.0.2.1", "192.0.2.1:0"},
        {"127.0.0.1, \", 192.0.2.1", "192.0.2.1:0"},
        {",,,, 192.0.2.1", "192.0.2.1:0"},
        {"unknown, 192.0.2.1, 10.0.0.2", "192.0.2.1:0"},
        // All are trusted: the leftmost.
        {"10.0.0.2", "10.0.0.2:0"},
        {"10.0.0.4, 10.0.0.3, 10.0.0.2", "10.0.0.4:0"},
        // Who names no address is the last that is known.
        {"unknown", "10.0.0.1:4000", true},
        {"192.0.2.1, unknown", "10.0.0.1:4000", true},
        {"192.0.2.1, _x, 10.0.0.2", "10.0.0.2:0", true},
        {"192.0.2.1, ", "10.0.0.1:4000", true},
        {"192.0.2.1,, 10.0.0.2", "10.0.0.2:0", true},
        {", 10.0.0.2", "10.0.0.2:0", true},
        {"192.0.2.1 10.0.0.2", "10.0.0.1:4000", true},
        {"\"192.0.2.1\"", "10.0.0.1:4000", true},
        {"192.0.2.1:99999", "10.0.0.1:4000", true},
        {"", "10.0.0.1:4000", true},
    };
    for (const Case& row : cases) {
        CAPTURE(row.value);
        const ForwardedClient client = client_of_x_forwarded_for(row.value, peer(), trusted());
        CHECK(client.address.text() == row.client);
        CHECK(client.unclear == row.unclear);
    }
}

TEST_CASE("Forwarded: the same, by its elements' `for`") {
    const std::vector<Case> cases = {
        {"for=192.0.2.1", "192.0.2.1:0"},
        {"FOR=192.0.2.1;Proto=https;by=10.0.0.1", "192.0.2.1:0"},
        {"proto=https; for=192.0.2.1 ; host=example.com", "192.0.2.1:0"},
        {"for=\"192.0.2.1:52110\"", "192.0.2.1:52110"},
        {"for=\"[2001:db8::1]:52110\";proto=http", "[2001:db8::1]:52110"},
        {"for=\"[2001:db8::1]\"", "[2001:db8::1]:0"},
        {"for=\"192\\.0.2\\.1\"", "192.0.2.1:0"},
        {"for=192.0.2.7, for=192.0.2.1, for=10.0.0.2", "192.0.2.1:0"},
        {"for=192.0.2.1;host=\"a,b;c\\\",for=10.0.0.9\",for=10.0.0.2", "192.0.2.1:0"},
        {"for=192.0.2.1;secret=\"a\\\\\", for=10.0.0.2", "192.0.2.1:0"},
        {"for=10.0.0.3, for=\"10.0.0.2:80\"", "10.0.0.3:0"},
        // A quote that the client left open, an escape that it left hanging: not our proxies' entries.
        {"for=\", for=192.0.2.1", "192.0.2.1:0"},
        {"for=\"192.0.2.7, for=192.0.2.1;proto=\"x\"", "192.0.2.1:0"},
        {"for=\"\\, for=192.0.2.1", "192.0.2.1:0"},
        {"for=\"10.0.0.9, for=192.0.2.1, for=10.0.0.2;by=\"10.0.0.1:80\"", "192.0.2.1:0"},
        {"for=\", for=\"10.0.0.2\"", "10.0.0.2:0", true},
        // No address.
        {"for=unknown", "10.0.0.1:4000", true},
        {"for=192.0.2.1, for=_hidden", "10.0.0.1:4000", true},
        {"for=192.0.2.1, for=\"_hidden:_p\", for=10.0.0.2", "10.0.0.2:0", true},
        {"proto=https", "10.0.0.1:4000", true},
        {"for=192.0.2.1, proto=https", "10.0.0.1:4000", true},
        {"for=", "10.0.0.1:4000", true},
        {"for", "10.0.0.1:4000", true},
        {"for=\"", "10.0.0.1:4000", true},
        {"for=\"192.0.2.1", "10.0.0.1:4000", true},
        {"for=192.0.2.1\"", "10.0.0.1:4000", true},
        {"for=\"192.0.2.1\\\"", "10.0.0.1:4000", true},
        {"for=\"192.0.2.1\"x", "10.0.0.1:4000", true},
        {"for=\"192.0.2.1\"\"\"", "10.0.0.1:4000", true},
        {"for = 192.0.2.1", "10.0.0.1:4000", true},
        {"for=192.0.2.1;for=192.0.2.2", "10.0.0.1:4000", true},
        {"for=192.0.2.1;;proto=http", "10.0.0.1:4000", true},
        {"192.0.2.1", "10.0.0.1:4000", true},
        {"for=192.0.2.1,", "10.0.0.1:4000", true},
        {"", "10.0.0.1:4000", true},
    };
    for (const Case& row : cases) {
        CAPTURE(row.value);
        const ForwardedClient client = client_of_forwarded(row.value, peer(), trusted());
        CHECK(client.address.text() == row.client);
        CHECK(client.unclear == row.unclear);
    }
}

TEST_CASE("only so many proxies are followed") {
    std::string list = "192.0.2.1";
    for (size_t hop = 1; hop < max_forwarded_hops; ++hop)
        list += ", 10.0.0." + std::to_string(hop);
    CHECK(client_of_x_forwarded_for(list, peer(), trusted()).address.text() == "192.0.2.1:0");
    const ForwardedClient client = client_of_x_forwarded_for(list + ", 10.0.1.1", peer(), trusted());
    CHECK(client.address.text() == "10.0.0.1:0");
    CHECK(client.unclear);
}

}  // namespace
}  // namespace gatewayd
