#include "core/config/address.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

TEST_CASE("listen addresses") {
    const auto four = parse_listen_address("127.0.0.1:8082");
    REQUIRE(four);
    CHECK(four->ip == "127.0.0.1");
    CHECK(four->port == 8082);
    const auto six = parse_listen_address("[::1]:0");
    REQUIRE(six);
    CHECK(six->ip == "::1");
    CHECK(six->port == 0);
    for (const std::string& text : std::vector<std::string>{"",
                                                            ":",
                                                            ":8082",
                                                            "8082",
                                                            "127.0.0.1",
                                                            "127.0.0.1:",
                                                            "127.0.0.1:x",
                                                            "127.0.0.1:65536",
                                                            "127.0.0.1:-1",
                                                            "127.0.0.1:080",
                                                            "127.0.0.1:80 ",
                                                            "localhost:80",
                                                            "::1:80",
                                                            "[::1]",
                                                            "[::1]80",
                                                            "[127.0.0.1]:80",
                                                            "[::1:80",
                                                            "127.0.0.1:80:80",
                                                            "127.0.0.1:000000080",
                                                            "[fe80::1%eth0]:1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen_address(text));
    }
}

TEST_CASE("IP literals") {
    for (const std::string& text :
         std::vector<std::string>{"0.0.0.0", "127.0.0.1", "::", "::1", "2001:db8::1", "::ffff:127.0.0.1"}) {
        CAPTURE(text);
        CHECK(is_ip_literal(text));
    }
    for (const std::string& text : std::vector<std::string>{
             "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "127.0.0.1 ", ":::", "1.2.3.04"}) {
        CAPTURE(text);
        CHECK_FALSE(is_ip_literal(text));
    }
    CHECK_FALSE(is_ip_literal(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("loopback and unspecified") {
    CHECK(is_loopback_ip("127.0.0.1"));
    CHECK(is_loopback_ip("127.255.0.3"));
    CHECK(is_loopback_ip("::1"));
    CHECK(is_loopback_ip("::ffff:127.0.0.1"));
    CHECK_FALSE(is_loopback_ip("0.0.0.0"));
    CHECK_FALSE(is_loopback_ip("128.0.0.1"));
    CHECK_FALSE(is_loopback_ip("::"));
    CHECK_FALSE(is_loopback_ip("::ffff:10.0.0.1"));
    CHECK_FALSE(is_loopback_ip("localhost"));
    CHECK(is_unspecified_ip("0.0.0.0"));
    CHECK(is_unspecified_ip("::"));
    CHECK_FALSE(is_unspecified_ip("127.0.0.1"));
    CHECK_FALSE(is_unspecified_ip("::1"));
    CHECK_FALSE(is_unspecified_ip(""));
}

TEST_CASE("origins") {
    for (const std::string& text : std::vector<std::string>{
             "*", "https://example.com", "HTTPS://Example.com", "http://localhost:3000",
             "https://*.example.com", "https://*.example.com:8443", "chrome-extension://abcdef",
             "http://127.0.0.1", "http://[::1]:3000", "http://[::1]", "app+x://a_b-c.d"}) {
        CAPTURE(text);
        CHECK(what_is_wrong_with_origin(text).empty());
    }
    for (const std::string& text : std::vector<std::string>{"",
                                                            "example.com",
                                                            "https://",
                                                            "https://example.com/",
                                                            "https://example.com/app",
                                                            "https://a?b",

                                                            "https://*",
                                                            "https://*.",
                                                            "https://a.*.com",
                                                            "https://*.*.com",
                                                            "https://exam ple.com",
                                                            "https://a..b",
                                                            "https://a.",
                                                            "https://a:0",
                                                            "https://a:",
                                                            "https://a:http",
                                                            "https://a:65536",
                                                            "1http://a",
                                                            "://a",
                                                            "null",
                                                            "**",
                                                            "https://user@a",
                                                            "https://[::1",
                                                            "https://[x]",
                                                            "https://*.[::1]",
                                                            "https://a,https://b"}) {
        CAPTURE(text);
        CHECK_FALSE(what_is_wrong_with_origin(text).empty());
    }
    CHECK(what_is_wrong_with_origin("https://example.com/") ==
          "an origin ends with its host or port, without a path or a '/'");
}

}  // namespace
}  // namespace gatewayd
