#include "core/http/rules.h"

#include <doctest/doctest.h>

namespace gatewayd {
namespace {

std::string problem_with(const char* name, const std::string& value) {
    HttpRequest request;
    request.headers.push_back({name, value});
    return complete_http_request(&request);
}

TEST_CASE("what is not said has its default") {
    HttpRequest request;
    CHECK(complete_http_request(&request).empty());
    CHECK(request.method == "GET");
    CHECK(request.timeout_ms == default_http_timeout_ms);
    CHECK(request.connect_timeout_ms == default_http_connect_timeout_ms);
    CHECK(request.max_response_bytes == default_http_response_bytes);
    CHECK(request.repeatable);

    HttpRequest post;
    post.method = "POST";
    CHECK(complete_http_request(&post).empty());
    CHECK_FALSE(post.repeatable);
}

TEST_CASE("no header is smuggled in, and none of the connection's own is set") {
    CHECK(problem_with("X-A", "fine; \xC3\xA4 \t too").empty());
    for (const char* value : {"a\r\nX-B: c", "a\nb", "a\rb", "\x7F", "\x01"})
        CHECK(problem_with("X-A", value) == "header 1 (X-A) has a control character in its value");
    CHECK(problem_with("X-A", std::string("a\0b", 3)) ==
          "header 1 (X-A) has a control character in its value");
    for (const char* name : {"", "X A", "X:", "X\r\n", "\xC3\xA4", "X-\n"})
        CHECK(problem_with(name, "v") == "header 1 has a name that HTTP does not allow");
    for (const char* name : {"host", "CONTENT-LENGTH", "Transfer-Encoding", "connection", "Expect", "TE"})
        CHECK(problem_with(name, "v").find("is written by the gateway") != std::string::npos);
}

TEST_CASE("limits") {
    const auto with = [](auto change) {
        HttpRequest request;
        request.method = "POST";
        change(request);
        return complete_http_request(&request);
    };
    CHECK(with([](HttpRequest& r) { r.method = "TRACE"; }).find("the method is none of") == 0);
    CHECK(with([](HttpRequest& r) { r.method = "get"; }).find("the method is none of") == 0);
    CHECK(with([](HttpRequest& r) { r.method = "GET", r.body = "x"; }) == "GET has no body");
    CHECK(with([](HttpRequest& r) { r.timeout_ms = max_http_timeout_ms; }).empty());
    CHECK(with([](HttpRequest& r) { r.timeout_ms = max_http_timeout_ms + 1; }) ==
          "timeout_ms is above 300000");
    CHECK(with([](HttpRequest& r) { r.connect_timeout_ms = 300001; }) ==
          "connect_timeout_ms is above 300000");
    CHECK(with([](HttpRequest& r) { r.max_response_bytes = max_http_response_bytes + 1; }) ==
          "max_response_bytes is above 67108864");
    CHECK(with([](HttpRequest& r) { r.headers.resize(65, {"a", "b"}); }) == "more than 64 headers");
    CHECK(with([](HttpRequest& r) {
              r.headers.resize(64, {"a", std::string(512, 'b')});
          }) == "headers of more than 32 KB");
    CHECK(with([](HttpRequest& r) { r.body.resize(max_http_body_bytes); }).empty());
    CHECK(with([](HttpRequest& r) { r.body.resize(max_http_body_bytes + 1); }) ==
          "a body of more than 16 MB");
}

}  // namespace
}  // namespace gatewayd
