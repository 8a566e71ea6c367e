#include "core/base/cidr.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

PeerAddress address(const std::string& text) {
    const auto parsed = PeerAddress::from_ip(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

Cidr cidr(const std::string& text) {
    std::string why;
    const auto parsed = Cidr::parse(text, &why);
    REQUIRE_MESSAGE(parsed, text << ": " << why);
    return *parsed;
}

TEST_CASE("an address is a literal of one of two families, and comes back as text") {
    for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
        CHECK(address(text).ip_text() == text);
        CHECK(address(text).port == 0);
    }
    CHECK(address("::ffff:192.0.2.1").ip_text() == "192.0.2.1");
    CHECK(address("::ffff:c000:201").is_v4());
    CHECK(address("2001:DB8:0:0::1").ip_text() == "2001:db8::1");
    CHECK_FALSE(address("::192.0.2.1").is_v4());
    for (const std::string& text : std::vector<std::string>{
             "", " ", "1", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1 ", "0x7f.1", "[::1]",
             "::1%eth0", ":::", "1::2::3", "localhost", std::string("::1\0", 4), std::string(100, '1')}) {
        CAPTURE(text);
        CHECK_FALSE(PeerAddress::from_ip(text));
    }
}

TEST_CASE("a network has the addresses that begin as it does") {
    struct Case {
        const char* network;
        std::vector<const char*> inside;
        std::vector<const char*> outside;
    };
    const std::vector<Case> cases = {
        {"10.0.0.0/8",
         {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"},
         {"9.255.255.255", "11.0.0.0", "a00::"}},
        {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
        {"192.0.2.7", {"192.0.2.7"}, {"192.0.2.6", "192.0.2.8", "::192.0.2.7"}},
        {"192.0.2.7/32", {"192.0.2.7"}, {"192.0.2.6"}},
        {"192.0.2.6/31", {"192.0.2.6", "192.0.2.7"}, {"192.0.2.5", "192.0.2.8"}},
        {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::", "::1", "2001:db8::1"}},
        {"2001:db8::/32",
         {"2001:db8::", "2001:db8:ffff::1"},
         {"2001:db7:ffff::", "2001:db9::", "32.1.13.184"}},
        {"2001:db8:8000::/33", {"2001:db8:8000::1"}, {"2001:db8:7fff::1"}},
        {"::1", {"::1"}, {"::2", "127.0.0.1"}},
        {"::/0", {"::", "ffff::", "::1"}, {"0.0.0.0", "192.0.2.1"}},
        {"::/64", {"::1"}, {"192.0.2.1"}},
        {"::ffff:10.0.0.0/104", {"10.0.0.1"}, {"11.0.0.0", "::a00:1"}},
        {"::ffff:0:0/96", {"192.0.2.1"}, {"::1"}},
    };
    for (const Case& row : cases) {
        CAPTURE(row.network);
        for (const char* text : row.inside) {
            CAPTURE(text);
            CHECK(cidr(row.network).contains(address(text)));
        }
        for (const char* text : row.outside) {
            CAPTURE(text);
            CHECK_FALSE(cidr(row.network).contains(address(text)));
        }
    }
}

TEST_CASE("a list has what one of its networks has") {
    const CidrList list{cidr("10.0.0.0/8"), cidr("2001:db8::/32")};
    CHECK(contains(list, address("10.1.1.1")));
    CHECK(contains(list, address("2001:db8::1")));
    CHECK_FALSE(contains(list, address("192.0.2.1")));
    CHECK_FALSE(contains({}, address("10.1.1.1")));
}

TEST_CASE("what is no network says why") {
    const std::string form = "expected an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", form},
        {"/8", form},
        {"proxy.example.com", form},
        {"10.0.0.0:80", form},
        {"10.0.0/8", form},
        {"10.0.0.0/", "the number behind the '/' must be 0 to 32"},
        {"10.0.0.0/33", "the number behind the '/' must be 0 to 32"},
        {"10.0.0.0/255.0.0.0", "the number behind the '/' must be 0 to 32"},
        {"10.0.0.0/08", "the number behind the '/' must be 0 to 32"},
        {"10.0.0.0/-1", "the number behind the '/' must be 0 to 32"},
        {"10.0.0.0/8/8", "the number behind the '/' must be 0 to 32"},
        {"2001:db8::/129", "the number behind the '/' must be 0 to 128"},
        {"10.0.0.1/8", "the address has bits behind the first 8; write 10.0.0.0/8"},
        {"192.0.2.255/31", "the address has bits behind the first 31; write 192.0.2.254/31"},
        {"2001:db8::1/32", "the address has bits behind the first 32; write 2001:db8::/32"},
        {"::ffff:10.0.0.1/104", "the address has bits behind the first 104; write 10.0.0.0/8"},
    };
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        std::string why;
        CHECK_FALSE(Cidr::parse(text, &why));
        CHECK(why == expected);
    }
}

}  // namespace
}  // namespace gatewayd
