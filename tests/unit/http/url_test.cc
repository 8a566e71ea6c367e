#include "core/http/url.h"

#include <doctest/doctest.h>

namespace gatewayd {
namespace {

std::string problem_of(const std::string& text) {
    std::string why;
    return parse_http_url(text, &why) ? "" : why;
}

TEST_CASE("URLs are taken apart") {
    std::string why;
    const auto url = parse_http_url("HTTPS://API.Example.com/v1/check?key=s%20x&b=[1]", &why);
    CHECK_FALSE(url);  // [ is no character of a query
    const auto good = parse_http_url("HTTPS://API.Example.com/v1/check?key=s%20x", &why);
    REQUIRE(good);
    CHECK(good->tls);
    CHECK(good->host == "api.example.com");
    CHECK(good->port == 443);
    CHECK(good->target == "/v1/check?key=s%20x");
    CHECK(good->authority() == "api.example.com");
    CHECK(good->origin() == "https://api.example.com:443");
    CHECK(good->for_log() == "https://api.example.com/v1/check");
    CHECK_FALSE(good->is_address);

    const auto v6 = parse_http_url("http://[2001:DB8::1]:8080?q", &why);
    REQUIRE(v6);
    CHECK(v6->host == "2001:db8::1");
    CHECK(v6->port == 8080);
    CHECK(v6->target == "/?q");
    CHECK(v6->authority() == "[2001:db8::1]:8080");
    CHECK(v6->is_address);

    const auto bare = parse_http_url("http://127.0.0.1", &why);
    REQUIRE(bare);
    CHECK(bare->target == "/");
    CHECK(bare->is_address);
    CHECK(parse_http_url("http://a_b.internal:65535/", &why));
}

TEST_CASE("what is no URL of ours is refused with words that do not repeat it") {
    CHECK(problem_of("") == "the URL is empty");
    CHECK(problem_of("ftp://x/") == "the URL does not begin with http:// or https://");
    CHECK(problem_of("/path") == "the URL does not begin with http:// or https://");
    CHECK(problem_of("http:///x") == "the URL has no host");
    CHECK(problem_of("http://user:secret@host/").find("secret") == std::string::npos);
    CHECK(problem_of("http://user:secret@host/").find("Authorization") != std::string::npos);
    CHECK(problem_of("http://host/a#b") == "the URL has a fragment (#), which is never sent");
    CHECK(problem_of("http://host#b") == "the URL has a fragment (#), which is never sent");
    CHECK(problem_of("http://host:0/") == "the URL has no port behind the colon");
    CHECK(problem_of("http://host:/") == "the URL has no port behind the colon");
    CHECK(problem_of("http://host:65536/") == "the URL has a port above 65535");
    CHECK(problem_of("http://host:8x/") == "the URL has a port that is no number");
    CHECK(problem_of("http://[::1/") == "the URL has a [ without ] in its host");
    CHECK(problem_of("http://[::1]x/") == "the URL has something else than a port behind its ]");
    CHECK(problem_of("http://[fe80::1%25eth0]/") == "the URL has no IPv6 address in its brackets");
    CHECK(problem_of("http://host/a%2") == "the URL has a % without two hexadecimal digits");
    CHECK(problem_of("http://host/a%zz") == "the URL has a % without two hexadecimal digits");
    CHECK(problem_of("http://a..b/") == "the URL has an empty label in its host");
    CHECK(problem_of("http://host./") == "the URL has an empty label in its host");
    CHECK(problem_of("http://-a/") == "the URL has a label with - at its end in its host");
    CHECK(problem_of("http://" + std::string(64, 'a') + "/") ==
          "the URL has a label of more than 63 bytes in its host");
    CHECK(problem_of("http://host/" + std::string(max_url_bytes, 'a')) == "the URL has more than 8192 bytes");
}

TEST_CASE("nothing gets into the request line or the Host header by way of a URL") {
    for (const std::string text :
         {"http://host/a b", "http://host/a\r\nX: y", "http://host/\n", "http://ho\rst/", "http://ho st/",
          "http://h\xC3\xA4us/", "http://host/\xC3\xA4", "http://host/\"", "http://host/a\\b",
          "http://host\\@x/", "http://host/%", "http://ho%73t/"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of(text).empty());
    }
    CHECK_FALSE(problem_of(std::string("http://host/\0x", 14)).empty());
}

TEST_CASE("an address has one spelling") {
    for (const char* text :
         {"http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
          "http://1.2.3.4.5/", "http://256.0.0.1/", "http://a.0x1/"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of(text).empty());
    }
}

}  // namespace
}  // namespace gatewayd
