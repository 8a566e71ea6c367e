#include "gatewayd/admin/access.h"

#include <doctest/doctest.h>

#include <string>

using namespace gatewayd::admin;

namespace {

RequestHead head_for(std::string_view host) {
    RequestHead head;
    head.method = "GET";
    head.target = "/api/v1/stats";
    head.host = host;
    return head;
}

int status(const std::optional<Response>& refusal) {
    return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("loopback by name and by number is known, whatever the port") {
    for (const char* host : {"localhost", "LocalHost:8082", "127.0.0.1", "127.0.0.1:1", "127.255.1.2:65535",
                             "[::1]", "[::1]:8082", "[0:0:0:0:0:0:0:1]"}) {
        CAPTURE(host);
        CHECK(is_loopback_host(host));
    }
    for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                             "128.0.0.1", "10.0.0.1", "[::2]", "[::1", "::1", "[::1]evil", "localhost:",
                             "localhost:80@evil.example", "localhost:123456", "127.1", "2130706433"}) {
        CAPTURE(host);
        CHECK_FALSE(is_loopback_host(host));
    }
}

TEST_CASE("a page in a browser cannot drive a keyless listener") {
    const Access access({});
    CHECK(status(access.refusal(head_for("127.0.0.1:8082"), false)) == 200);
    // DNS rebinding: the name is the attacker's, the address is ours.
    CHECK(status(access.refusal(head_for("evil.example:8082"), false)) == 403);
    CHECK(status(access.refusal(head_for("evil.example:8082"), true)) == 403);

    for (const char* origin : {"https://evil.example", "null", "", "http://localhost:3000"}) {
        CAPTURE(origin);
        RequestHead head = head_for("localhost:8082");
        head.has_origin = true;
        head.origin = origin;
        CHECK(status(access.refusal(head, false)) == 403);
    }
    RequestHead own = head_for("localhost:8082");
    own.has_origin = true;
    own.origin = "http://localhost:8082";
    CHECK(status(access.refusal(own, false)) == 200);
}

TEST_CASE("with keys any of them opens, by any host name, and nothing else does") {
    const Access access({"first-key", "second-key"});
    const auto with = [&](std::string_view authorization) {
        RequestHead head = head_for("gateway.internal:8082");
        head.authorization = authorization;
        return access.refusal(head, false);
    };
    CHECK(status(with("Bearer first-key")) == 200);
    CHECK(status(with("bearer  second-key")) == 200);
    for (const char* wrong :
         {"", "Bearer", "Bearer ", "Bearer first-ke", "Bearer first-key ", "Basic first-key", "first-key",
          "Bearer FIRST-KEY", "Bearer first-keysecond-key"}) {
        CAPTURE(wrong);
        const auto refusal = with(wrong);
        REQUIRE(refusal);
        CHECK(refusal->status == 401);
        CHECK(refusal->wants_bearer_key);
        CHECK(refusal->body.find("first-key") == std::string::npos);
    }
    CHECK(status(access.refusal(head_for("gateway.internal"), true)) == 200);
}

TEST_CASE("a key does not excuse a foreign origin") {
    const Access access({"key"});
    RequestHead head = head_for("gateway.internal");
    head.authorization = "Bearer key";
    head.has_origin = true;
    head.origin = "https://evil.example";
    CHECK(status(access.refusal(head, false)) == 403);
}

TEST_CASE("keys are equal when all bytes are") {
    CHECK(equal_in_constant_time("", ""));
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "xbc"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK_FALSE(equal_in_constant_time(std::string(256, '\0'), ""));
}
