#include "gatewayd/admin/target.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatewayd::admin;

TEST_CASE("a path comes in decoded parts, a query in decoded pairs") {
    const auto target = parse_target("/api/v1/users/u%201%2Fx/messages?limit=5&user_id=a+b%26&empty=&bare");
    REQUIRE(target);
    CHECK(target->parts == std::vector<std::string>{"api", "v1", "users", "u 1/x", "messages"});
    REQUIRE(target->parameter("user_id") != nullptr);
    CHECK(*target->parameter("user_id") == "a b&");
    CHECK(*target->parameter("limit") == "5");
    CHECK(target->parameter("empty")->empty());
    CHECK(target->parameter("bare")->empty());
    CHECK(target->parameter("other") == nullptr);
}

TEST_CASE("a plus is a space in a query and a plus in a path") {
    const auto target = parse_target("/a+b?c=+");
    REQUIRE(target);
    CHECK(target->parts == std::vector<std::string>{"a+b"});
    CHECK(*target->parameter("c") == " ");
}

TEST_CASE("empty parts are kept, fragments are not") {
    CHECK(parse_target("/")->parts == std::vector<std::string>{""});
    CHECK(parse_target("/livez/")->parts == std::vector<std::string>{"livez", ""});
    CHECK(parse_target("/a//b")->parts == std::vector<std::string>{"a", "", "b"});
    CHECK(parse_target("/a#b?c=d")->parts == std::vector<std::string>{"a"});
}

TEST_CASE("the absolute form is taken, as proxies send it") {
    CHECK(parse_target("http://127.0.0.1:8082/livez?a=b")->parts == std::vector<std::string>{"livez"});
    CHECK(parse_target("http://127.0.0.1:8082")->parts == std::vector<std::string>{""});
}

TEST_CASE("broken escapes and what is no path are refused") {
    for (const char* text :
         {"", "a", "*", "https://host/a", "http:/a", "/%", "/%4", "/%4g", "/%zz", "/a?b=%", "/a?%4=b"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_target(text));
    }
}
