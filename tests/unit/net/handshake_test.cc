#include "core/net/handshake.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

const std::string upgrade_lines =
    "Host: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

std::string request(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\n" + upgrade_lines + more + "\r\n";
}

int refused(const std::string& head) {
    HandshakeRequest parsed;
    Refusal refusal;
    if (!parsed.parse(head, &refusal) || !parsed.check_upgrade(&refusal)) {
        CHECK(refusal.body.find("{\"error\":{\"code\":\"") == 0);
        CHECK(refusal_response(refusal).find("HTTP/1.1 " + std::to_string(refusal.status) + " ") == 0);
        return refusal.status;
    }
    return 0;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

TEST_CASE("the example of RFC 6455 section 1.3 gets its answer") {
    HandshakeRequest parsed;
    Refusal refusal;
    REQUIRE(parsed.parse(request("/chat", "Sec-WebSocket-Protocol: chat, superchat\r\n"), &refusal));
    REQUIRE(parsed.check_upgrade(&refusal));
    CHECK(parsed.method() == "GET");
    CHECK(parsed.path() == "/chat");
    CHECK(parsed.offered_protocols() == std::vector<std::string>{"chat", "superchat"});
    CHECK(parsed.accept_response("chat", {{"X-Node", "n1"}}) ==
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nX-Node: "
          "n1\r\n\r\n");
    CHECK(parsed.accept_response("", {}).find("Sec-WebSocket-Protocol") == std::string::npos);
}

TEST_CASE("what browsers and other clients send passes") {
    CHECK(refused(request("/ws")) == 0);
    CHECK(refused(replaced(request("/ws"), "Connection: Upgrade", "connection: keep-alive, upgrade")) == 0);
    CHECK(refused(replaced(request("/ws"), "Upgrade: websocket", "UPGRADE: WebSocket")) == 0);
    CHECK(refused(request("/ws", "Content-Length: 0\r\n")) == 0);
    CHECK(refused(request("/ws", "X-Empty:\r\nCookie: a=b; c=\"d\"\r\n")) == 0);
    CHECK(refused(request("/ws", "X-Latin: caf\xE9\r\n")) == 0);
}

TEST_CASE("what is no handshake is refused with the fitting status") {
    CHECK(refused(replaced(request("/ws"), "GET", "POST")) == 405);
    CHECK(refused(replaced(request("/ws"), "HTTP/1.1", "HTTP/1.0")) == 505);
    CHECK(refused(replaced(request("/ws"), "Upgrade: websocket\r\n", "")) == 426);
    CHECK(refused(replaced(request("/ws"), "Connection: Upgrade", "Connection: close")) == 426);
    CHECK(refused(replaced(request("/ws"), "Version: 13", "Version: 8")) == 426);
    CHECK(refused(replaced(request("/ws"), "Sec-WebSocket-Version: 13\r\n", "")) == 426);
    CHECK(refused(replaced(request("/ws"), "Host: server.example.com\r\n", "")) == 400);
    for (const char* key :
         {"", "abc", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j*Q==",
          "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}) {
        CAPTURE(key);
        CHECK(refused(replaced(request("/ws"), "dGhlIHNhbXBsZSBub25jZQ==", key)) == 400);
    }
    CHECK(refused(request("/ws", "Content-Length: 5\r\n")) == 413);
    CHECK(refused(request("/ws", "Content-Length: 99999999999\r\n")) == 413);
    CHECK(refused(request("/ws", "Transfer-Encoding: chunked\r\n")) == 413);
}

TEST_CASE("heads that are not clean HTTP/1.1 are refused") {
    for (const char* line : {" folded\r\n", "\tfolded: x\r\n", "Name : x\r\n", ": nameless\r\n",
                             "no colon\r\n", "X: a\rb\r\n", "X: a\nb\r\n", "X: \x01\r\n", "X: \x7F\r\n"}) {
        CAPTURE(line);
        CHECK(refused(request("/ws", line)) == 400);
    }
    CHECK(refused(request("/ws", std::string("X: a\0b\r\n", 8))) == 400);
    CHECK(refused(replaced(request("/ws"), "GET /ws HTTP/1.1", "GET /ws")) == 400);
    CHECK(refused("GET /ws HTTP/1.1\n" + upgrade_lines + "\r\n") == 400);
    for (const char* target : {"ws", "http://server.example.com", "ftp://server.example.com/ws", "*",
                               "/ws#part", "/%", "/%4", "/%zz", "/%ff", "/ws?a=%C3"}) {
        CAPTURE(target);
        CHECK(refused(request(target)) == 400);
    }
}

TEST_CASE("targets are decoded: path, queries, the first of a name") {
    HandshakeRequest parsed;
    Refusal refusal;
    REQUIRE(parsed.parse(
        request("/w%73+x?user_id=a%20b+c&user_id=other&empty=&flag&%C3%BC=%E4%BD%A0&q=a=b&&"), &refusal));
    CHECK(parsed.path() == "/ws+x");
    CHECK(parsed.query("user_id") == "a b c");
    CHECK(parsed.query("empty") == "");
    CHECK(parsed.query("flag") == "");
    CHECK(parsed.query("\xC3\xBC") == "\xE4\xBD\xA0");
    CHECK(parsed.query("q") == "a=b");
    CHECK_FALSE(parsed.query("absent"));
    HandshakeRequest absolute;
    REQUIRE(absolute.parse(request("http://server.example.com/ws?a=b"), &refusal));
    CHECK(absolute.path() == "/ws");
    CHECK(absolute.query("a") == "b");
}

TEST_CASE("headers are found in any case, and repeated ones joined") {
    HandshakeRequest parsed;
    Refusal refusal;
    REQUIRE(parsed.parse(request("/",
                                 "X-User-ID: u1\r\nSec-WebSocket-Protocol: bearer,  tok.en\r\n"
                                 "sec-websocket-protocol: gateway.v1.json,,\r\n"),
                         &refusal));
    CHECK(parsed.header("x-user-id") == "u1");
    CHECK_FALSE(parsed.header("X-Nobody"));
    CHECK(parsed.offered_protocols() == std::vector<std::string>{"bearer", "tok.en", "gateway.v1.json"});
}

TEST_CASE("nothing of a request can put a line into our response") {
    // Line ends in what is echoed (a protocol) or looked up never pass the parser.
    CHECK(refused(request("/ws", "Sec-WebSocket-Protocol: a\rX-Evil: 1\r\n")) == 400);
    HandshakeRequest parsed;
    Refusal refusal;
    REQUIRE(parsed.parse(request("/ws?user_id=a%0D%0AX-Evil:%201"), &refusal));
    CHECK(parsed.query("user_id") == "a\r\nX-Evil: 1");  // decoded for those who check ids
    const std::string response = parsed.accept_response("", {});
    CHECK(response.find("Evil") == std::string::npos);
}

TEST_CASE("a refusal is a whole response that ends the connection") {
    const std::string response = refusal_response(
        {503, RejectReason::node_full, error_body("full", "no room"), {{"Retry-After", "5"}}});
    CHECK(response ==
          "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: "
          "45\r\nConnection: close\r\n"
          "Retry-After: 5\r\n\r\n{\"error\":{\"code\":\"full\",\"message\":\"no room\"}}");
}

}  // namespace
}  // namespace gatewayd
