// auth-http behind the gateway's own host functions, with a back end of the harness and its clock; and its
// parts: what an answer means, and what is kept. A real back end: tests/integration/test_auth_http.py.
#include <doctest/doctest.h>

#include <vector>

#include "gateway/harness.hpp"
#include "plugins/auth-http/answer.h"
#include "plugins/auth-http/cache.h"

namespace gatewayd {
namespace {

using auth_http::Cache;
using auth_http::Outcome;
using auth_http::OutcomePtr;
using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::HttpAnswer;
using gateway::harness::HttpRequest;
using gateway::harness::Plugin;
using gateway::harness::Request;

constexpr int64_t start_s = gateway::harness::start_time_ms / 1000;
const std::string ada = R"({"user_id":"ada","expires_in":600})";

struct AuthHttp : Plugin {
    explicit AuthHttp(const std::string& more = {}) : Plugin(GATEWAYD_PLUGIN_FOLDER "/auth-http.so") {
        create("url: https://login.example.com/check?key=s3cret\n" + more);
        start();
    }
    Request shake(const std::string& token, Handshake http = {}) {
        if (!token.empty()) http.headers["Authorization"] = "Bearer " + token;
        return handshake(http);
    }
    // With its answer.
    Request shaken(const std::string& token, const Handshake& http = {}) {
        Request request = shake(token, http);
        if (request.outcome() == "pending") CHECK(request.wait());
        return request;
    }
    Connection connected(const std::string& token = "t1") {
        const Request request = shaken(token);
        REQUIRE(request.outcome() == "passed");
        return accept(request);
    }
    double asked() const { return metric("asked_total").value; }
};

HttpAnswer answer_of(int32_t status, const std::string& body = {}) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    return answer;
}
HttpAnswer late(uint32_t after_ms, const std::string& body = ada) {
    HttpAnswer answer = answer_of(200, body);
    answer.after_ms = after_ms;
    return answer;
}

OutcomePtr read(int32_t status, const std::string& body, bool needs_expiry = true,
                const gateway::http::Headers& headers = {}) {
    gateway::http::Answer answer;
    answer.status = status;
    answer.body = body;
    answer.headers = headers;
    auth_http::Question asked;
    asked.token = "t0k3n";
    asked.headers = {{"Cookie", "session=abc123"}};
    return auth_http::read_answer(answer, asked, needs_expiry, start_s);
}

}  // namespace

// --- handshakes ---

TEST_CASE("auth-http stands in the auth stage and sees handshakes and messages") {
    const AuthHttp plugin;
    CHECK(plugin.stage() == GW_STAGE_AUTH);
    CHECK(plugin.kinds() == (GW_KIND_HANDSHAKE | GW_KIND_MESSAGE));
}

TEST_CASE("whom the back end lets in is who it says") {
    AuthHttp plugin("headers: { Authorization: Basic abc }\nforward_headers: [Cookie, Origin]\n");
    plugin.http_answer(200, R"({"user_id":"ada","user_type":"agent","client_id":"c7","name":"Ada",
        "groups":["g1"],"tickets":["t1"],"attributes":{"tier":"gold","limits":{"n":5},"no":null},
        "expires_at":)" + std::to_string(start_s + 600) +
                                "}");
    Handshake http;
    http.headers["Cookie"] = "a=b";
    http.query = {{"user_id", "eve"}, {"client_id", "desk"}};
    const Request request = plugin.shaken("t1", http);
    CHECK(request.outcome() == "passed");
    const Connection connection = plugin.accept(request);
    CHECK(connection.attribute("auth.expires_at") == std::to_string(start_s + 600));
    CHECK(connection.attribute("auth.name") == "Ada");
    CHECK(connection.attribute("auth.groups") == R"(["g1"])");
    CHECK(connection.attribute("auth.tickets") == R"(["t1"])");
    CHECK(connection.attribute("tier") == "gold");
    CHECK(connection.attribute("limits") == R"({"n":5})");
    CHECK(connection.attribute("auth.attributes") == R"(["tier","limits"])");
    REQUIRE(plugin.http_requests().size() == 1);
    const HttpRequest asked = plugin.http_requests()[0];
    CHECK(asked.method == "POST");
    CHECK(asked.url == "https://login.example.com/check?key=s3cret");
    CHECK(asked.headers.at("Authorization") == "Basic abc");
    CHECK(asked.headers.at("Cookie") == "a=b");
    CHECK(asked.headers.count("Origin") == 0);
    CHECK(asked.headers.at("Content-Type") == "application/json");
    CHECK(asked.timeout_ms == 3000);
    CHECK(
        asked.body ==
        R"({"event":"connect","token":"t1","address":"192.0.2.1","path":"/ws","user_id":"eve","client_id":"desk"})");
}

TEST_CASE("tell says what the back end is told, and cache hits follow it") {
    AuthHttp plugin("tell: [address]");
    plugin.http_answer(200, ada);
    Handshake http;
    http.query = {{"client_id", "desk"}};
    CHECK(plugin.shaken("t1", http).outcome() == "passed");
    CHECK(plugin.http_requests()[0].body == R"({"event":"connect","token":"t1","address":"192.0.2.1"})");
    http.query = {{"client_id", "other"}};
    CHECK(plugin.shaken("t1", http).outcome() == "passed");
    CHECK(plugin.asked() == 1);
    http.remote_address = "192.0.2.1:99";  // another port is no other address
    CHECK(plugin.shaken("t1", http).outcome() == "passed");
    CHECK(plugin.asked() == 1);
    http.remote_address = "[2001:db8::1]:99";
    CHECK(plugin.shaken("t1", http).outcome() == "passed");
    CHECK(plugin.asked() == 2);
}

TEST_CASE("tokens that nobody need be asked about") {
    AuthHttp plugin("max_token_size: 16");
    const Request none = plugin.handshake();
    CHECK(none.rejection().status == 401);
    CHECK(none.rejection().word == "token_missing");
    CHECK(none.response_header("WWW-Authenticate") == "Bearer realm=\"gatewayd\"");
    CHECK(plugin.shake(std::string(17, 'x')).rejection().word == "token_too_large");
    CHECK(plugin.shake("a\xFF").rejection().word == "token_malformed");
    Handshake http;
    http.query["token"] = "t2";
    CHECK(plugin.shake("t1", http).rejection().word == "token_ambiguous");
    http.query = {{"token", "t1"}, {"client_id", "\xFF"}};
    CHECK(plugin.handshake(http).rejection().status == 400);
    CHECK(plugin.http_requests().empty());
}

TEST_CASE("with bearer: optional a forwarded header is enough") {
    AuthHttp plugin("bearer: optional\nforward_headers: [Cookie]");
    plugin.http_answer(200, ada);
    CHECK(plugin.handshake().rejection().word == "token_missing");
    Handshake http;
    http.headers["Cookie"] = "session=1";
    CHECK(plugin.shaken({}, http).outcome() == "passed");
    CHECK(plugin.http_requests()[0].body.find(R"("token":null)") != std::string::npos);
    http.headers["Cookie"] = "session=2";
    CHECK(plugin.shaken({}, http).outcome() == "passed");
    CHECK(plugin.asked() == 2);  // another question
    CHECK(plugin.shaken("t1").outcome() == "passed");
}

TEST_CASE("refusals of the back end are passed on, with its class") {
    AuthHttp plugin;
    plugin.http_answer(401, R"({"code":"session_over","message":"t1 is over"})");
    const Request unknown = plugin.shaken("t1");
    CHECK(unknown.rejection().status == 401);
    CHECK(unknown.rejection().word == "session_over");
    CHECK(unknown.rejection().why.find("t1") == std::string::npos);
    CHECK(unknown.response_header("WWW-Authenticate").find("error=\"invalid_token\"") != std::string::npos);
    plugin.http_answer(403, "");
    const Request known = plugin.shaken("t2");
    CHECK(known.rejection().status == 403);
    CHECK(known.rejection().word == "forbidden");
    CHECK(known.response_header("WWW-Authenticate").empty());
    CHECK(plugin.metric("answers_total", {{"result", "denied"}}).value == 2);
    CHECK(plugin.log().empty());
}

TEST_CASE("whatever else comes lets nobody in") {
    HttpAnswer dead;
    dead.outcome = GW_HTTP_CONNECT;
    dead.error = "connection refused";
    HttpAnswer untrusted;
    untrusted.outcome = GW_HTTP_TLS;
    const std::vector<std::pair<HttpAnswer, std::string>> all = {
        {late(4000), "timeout"},
        {dead, "unreachable"},
        {untrusted, "tls"},
        {answer_of(500, ada), "status"},
        {answer_of(204), "status"},
        {answer_of(302), "status"},
        {answer_of(200, "<html>"), "answer"},
        {answer_of(200, R"({"expires_in":5})"), "answer"},
        {answer_of(200, R"({"user_id":"ada"})"), "answer"},
    };
    for (const auto& [answer, reason] : all) {
        CAPTURE(reason);
        AuthHttp plugin;
        plugin.http_answer(answer);
        const Request request = plugin.shake("t1");
        plugin.advance_ms(5000);
        CHECK(request.rejection().status == 503);
        CHECK(request.rejection().word == "auth_unavailable");
        CHECK(std::stoi(request.response_header("Retry-After")) >= 2);
        CHECK(plugin.metric("failed_total", {{"reason", reason}}).value == 1);
        REQUIRE(plugin.log().size() == 1);
        CHECK(plugin.log()[0].find("https://login.example.com/check, ") != std::string::npos);
        CHECK(plugin.log()[0].find("s3cret") == std::string::npos);
        // Failures are not kept.
        plugin.http_answer(200, ada);
        CHECK(plugin.shaken("t1").outcome() == "passed");
    }
}

TEST_CASE("the back end's Retry-After is passed on") {
    AuthHttp plugin;
    HttpAnswer busy = answer_of(429);
    busy.headers["Retry-After"] = "17";
    plugin.http_answer(busy);
    CHECK(plugin.shaken("t1").response_header("Retry-After") == "17");
}

TEST_CASE("an outage does not fill the log") {
    AuthHttp plugin;
    for (int i = 0; i < 50; ++i)
        plugin.shaken("t" + std::to_string(i));
    CHECK(plugin.log().size() == 1);
    plugin.advance_ms(1000);
    plugin.shaken("t");
    REQUIRE(plugin.log().size() == 2);
    CHECK(plugin.log()[1].find("and 49 more") != std::string::npos);
}

// --- what is kept, and joined ---

TEST_CASE("an answer is used again for its time, and never beyond the token's life") {
    AuthHttp plugin("cache_ttl: 60");
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":30})");
    CHECK(plugin.shaken("t1").outcome() == "passed");
    CHECK(plugin.shake("t1").outcome() == "passed");  // at once
    CHECK(plugin.metric("cached_total", {{"result", "admitted"}}).value == 1);
    plugin.advance_ms(29999);
    CHECK(plugin.shake("t1").outcome() == "passed");
    CHECK(plugin.asked() == 1);
    plugin.advance_ms(1);
    CHECK(plugin.shake("t1").outcome() == "pending");
    CHECK(plugin.asked() == 2);
    plugin.turn();
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":1000})");
    CHECK(plugin.shaken("t2").outcome() == "passed");
    plugin.advance_ms(59999);
    CHECK(plugin.shake("t2").outcome() == "passed");
    plugin.advance_ms(1);
    CHECK(plugin.shake("t2").outcome() == "pending");
}

TEST_CASE("refusals are kept when that is wished for, nothing is when not") {
    AuthHttp plugin("cache_ttl: 0\ncache_denied_ttl: 5");
    plugin.http_answer(401, "");
    CHECK(plugin.shaken("t1").rejection().status == 401);
    CHECK(plugin.shake("t1").rejection().status == 401);
    CHECK(plugin.metric("cached_total", {{"result", "denied"}}).value == 1);
    plugin.advance_ms(5000);
    plugin.http_answer(200, ada);
    CHECK(plugin.shaken("t1").outcome() == "passed");
    CHECK(plugin.shake("t1").outcome() == "pending");
    AuthHttp usual;
    usual.http_answer(401, "");
    CHECK(usual.shaken("t1").rejection().status == 401);
    CHECK(usual.shake("t1").outcome() == "pending");
}

TEST_CASE("who asks what is being asked waits for the same answer") {
    AuthHttp plugin;
    plugin.http_answer(late(1000));
    std::vector<Request> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(plugin.shake("t1"));
    Request other = plugin.shake("t2");
    CHECK(plugin.metric("in_flight").value == 2);
    CHECK(plugin.http_requests().size() == 2);
    plugin.advance_ms(1000);
    for (const Request& request : all)
        CHECK(request.outcome() == "passed");
    CHECK(other.outcome() == "passed");
    CHECK(plugin.metric("joined_total").value == 19);
    CHECK(plugin.metric("in_flight").value == 0);
    CHECK(plugin.metric("answer_seconds").samples == 2);
}

TEST_CASE("over max_in_flight nobody is asked, but those that wait are joined") {
    AuthHttp plugin("max_in_flight: 2");
    plugin.http_answer(late(1000));
    Request first = plugin.shake("t1");
    Request second = plugin.shake("t2");
    const Request third = plugin.shake("t3");
    CHECK(third.rejection().status == 503);
    CHECK(std::stoi(third.response_header("Retry-After")) >= 2);
    CHECK(plugin.metric("failed_total", {{"reason", "limit"}}).value == 1);
    Request joined = plugin.shake("t1");
    CHECK(joined.outcome() == "pending");
    plugin.advance_ms(1000);
    for (const Request& request : {first, second, joined})
        CHECK(request.outcome() == "passed");
    CHECK(plugin.shake("t3").outcome() == "pending");
}

TEST_CASE("a question that nobody waits for any more is cancelled, one that somebody waits for is not") {
    AuthHttp plugin;
    plugin.http_answer(200, ada);
    Connection bob = plugin.connected();
    const auto renew = [&](Connection& who) {
        return who.message(R"({"type":"auth_refresh","token":"t2"})");
    };
    plugin.http_answer(late(2000));
    renew(bob);
    CHECK(plugin.metric("in_flight").value == 1);
    bob.disconnect();
    plugin.turn();
    CHECK(plugin.metric("in_flight").value == 0);
    CHECK(plugin.metric("abandoned_total").value == 1);
    Connection eve = plugin.connected();
    Connection carol = plugin.connected();
    renew(eve);
    const Request kept = renew(carol);
    CHECK(plugin.metric("in_flight").value == 1);
    eve.disconnect();
    plugin.advance_ms(2000);
    CHECK(kept.answers().size() == 1);
    CHECK(plugin.metric("abandoned_total").value == 1);
}

TEST_CASE("a host that resumes too early lets nobody in") {
    AuthHttp plugin;
    plugin.resume_early();
    plugin.http_answer(200, ada);
    CHECK(plugin.shaken("t1").rejection().status == 503);
}

TEST_CASE("what is kept can be forgotten, all or a user's") {
    AuthHttp plugin("cache_denied_ttl: 100");
    plugin.http_handler([](const HttpRequest& request) {
        const bool bad = request.body.find("bad") != std::string::npos;
        const std::string user = request.body.find("bob") != std::string::npos ? "bob" : "ada";
        return answer_of(bad ? 401 : 200, R"({"user_id":")" + user + R"(","expires_in":600})");
    });
    for (const char* token : {"ada1", "ada2", "bob", "bad"})
        plugin.shaken(token);
    CHECK(plugin.metric("cache_entries").value == 4);
    CHECK(plugin.admin("DELETE", "/cache?user_id=ada").answer().body == R"({"forgotten":2})");
    CHECK(plugin.shake("bob").outcome() == "passed");
    CHECK(plugin.shake("bad").outcome() == "rejected");
    Request waits = plugin.shake("ada1");
    CHECK(waits.outcome() == "pending");
    CHECK(plugin.admin("DELETE", "/cache").answer().body == R"({"forgotten":2})");
    // What was on its way is told to who waited, and to nobody else.
    CHECK(waits.wait());
    CHECK(waits.outcome() == "passed");
    CHECK(plugin.shake("ada1").outcome() == "pending");
    CHECK(plugin.admin("GET", "/cache").answer().status == 405);
}

// --- connections ---

TEST_CASE("ahead of its end the client is told, renews by the back end, and is closed at the end") {
    AuthHttp plugin("expiry_notice: 5");
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":20,"attributes":{"tier":"gold","old":"1"}})");
    Connection client = plugin.connected();
    plugin.advance_ms(15200);
    REQUIRE(client.sent().size() == 1);
    CHECK(client.sent()[0] == R"({"type":"token_expiring","in_s":5})");
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":100,"attributes":{"tier":"silver"}})");
    const auto refresh = [&](const std::string& token) {
        Request request = client.message(R"({"type":"auth_refresh","id":"r1","token":")" + token + "\"}");
        if (request.outcome() == "pending") CHECK(request.wait());
        return request;
    };
    const Request good = refresh("t2");
    REQUIRE(good.answers().size() == 1);
    CHECK(good.answers()[0] == R"({"type":"auth_refreshed","id":"r1","expires_in_s":100})");
    CHECK(
        plugin.http_requests().back().body ==
        R"({"event":"refresh","token":"t2","address":"192.0.2.1","user_id":"ada","user_type":"customer","client_id":")" +
            std::string("c1") + "\"}");
    CHECK(client.attribute("tier") == "silver");
    CHECK(client.attribute("old").empty());
    plugin.http_answer(200, R"({"user_id":"eve","expires_in":100})");
    CHECK(refresh("t3").rejection().why.find("token_other_user: ") == 0);
    plugin.http_answer(401, R"({"code":"revoked"})");
    CHECK(refresh("t4").rejection().why.find("revoked: ") == 0);
    plugin.http_answer(500, "");
    CHECK(refresh("t5").rejection().word == "unavailable");
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":0})");
    CHECK(refresh("t6").rejection().why.find("token_expired: ") == 0);
    CHECK(refresh("").rejection().word == "invalid_message");
    CHECK(client.attribute("tier") == "silver");
    plugin.advance_ms(95000);
    CHECK(client.message(R"({"type":"text","to":"bob"})").outcome() == "passed");
    plugin.advance_ms(5200);
    CHECK(client.closing().code == 1008);
    CHECK(client.closing().reason.find("token_expired: ") == 0);
}

TEST_CASE("an answer that is kept makes no token live longer") {
    AuthHttp plugin("expiry_notice: 0\ncache_ttl: 3600");
    plugin.http_answer(200, R"({"user_id":"ada","expires_in":100})");
    Connection first = plugin.connected();
    plugin.advance_ms(90000);
    Connection second = plugin.connected();
    CHECK(plugin.asked() == 1);
    plugin.advance_ms(10200);
    CHECK(first.closing().code == 1008);
    CHECK(second.closing().code == 1008);
}

TEST_CASE("who is let in for ever, when that is allowed") {
    AuthHttp plugin("require_expiry: false");
    plugin.http_answer(200, R"({"user_id":"ada"})");
    Connection client = plugin.connected();
    CHECK(client.attribute("auth.expires_at") == "0");
    plugin.advance_ms(86400000);
    CHECK(client.open());
}

TEST_CASE("a token that is over when the answer comes") {
    AuthHttp plugin;
    plugin.http_answer(200, R"({"user_id":"ada","expires_at":)" + std::to_string(start_s) + "}");
    const Request request = plugin.shaken("t1");
    CHECK(request.rejection().status == 401);
    CHECK(request.rejection().word == "token_expired");
}

TEST_CASE("the gateway ends while questions are on their way") {
    AuthHttp plugin;
    plugin.http_answer(late(2000));
    const Request request = plugin.shake("t1");
    plugin.end();
    CHECK(request.outcome() != "passed");
}

// --- the configuration ---

TEST_CASE("auth-http says where in the YAML its configuration is wrong") {
    const auto refusal = [](const std::string& yaml) {
        return Plugin(GATEWAYD_PLUGIN_FOLDER "/auth-http.so").refusal(yaml);
    };
    const std::string url = "url: https://login.example.com/\n";
    CHECK(refusal("timeout_ms: 5").find("url: is required") != std::string::npos);
    CHECK(refusal("url: login.example.com") ==
          "test.yaml:1:6: url: the URL does not begin with http:// or https://");
    CHECK(refusal("url: http://login.example.com/").find("test.yaml:1:6: url: must be https: ") == 0);
    CHECK(refusal("url: http://login.example.com/\nallow_http: true").empty());
    CHECK(refusal("url: http://127.0.0.1:9/").empty());
    CHECK(refusal(url + "timeout_ms: 0") == "test.yaml:2:13: timeout_ms: must be from 1 to 29000");
    CHECK(refusal(url + "ca_file: a.pem").find("test.yaml:2:10: ca_file: is plugins.http.ca_file") == 0);
    CHECK(refusal(url + "keys: [a]").find("test.yaml:2:7: keys: unknown key; there are: url,") == 0);
    CHECK(refusal(url + "headers: { Host: a }") ==
          "test.yaml:2:18: headers.Host: Host is a header that the gateway itself writes");
    CHECK(refusal(url + "headers: { 'a b': c }").find("is no name of a header") != std::string::npos);
    CHECK(refusal(url + "headers: { A: \"b\\nc\" }") == "test.yaml:2:15: headers.A: has a control character");
    CHECK(refusal(url + "headers: { cookie: a }\nforward_headers: [Cookie]").find("stands under headers") !=
          std::string::npos);
    CHECK(refusal(url + "forward_headers: [Cookie, cookie]") ==
          "test.yaml:2:27: forward_headers[1]: cookie stands here twice");
    CHECK(refusal(url + "tell: [port]") ==
          "test.yaml:2:8: tell[0]: must be one of address, path, user_id, user_type, client_id");
    CHECK(refusal(url + "bearer: never") == "test.yaml:2:9: bearer: must be required or optional");
    CHECK(refusal(url + "bearer: optional").find("test.yaml:2:9: bearer: optional needs forward_headers") ==
          0);
    CHECK(refusal(url + "cache_denied_ttl: 301") ==
          "test.yaml:2:19: cache_denied_ttl: must be from 0 to 300");
}

// --- its parts ---

TEST_CASE("what an answer of 200 may say") {
    const OutcomePtr full = read(
        200, R"({"user_id":7,"user_type":"agent","groups":"g","expires_in":60.9,"attributes":{},"x":1})");
    REQUIRE(full->kind == Outcome::Kind::admitted);
    CHECK(full->who.user_id == "7");
    CHECK(full->who.groups == R"(["g"])");
    CHECK(full->who.expires_at_s == start_s + 60);
    CHECK(full->attribute_names.empty());
    CHECK(read(200, ada, true, {{"content-type", "Application/JSON ; charset=utf-8"}})->kind ==
          Outcome::Kind::admitted);
    CHECK(read(200, ada, true, {{"Content-Type", "text/html"}})->kind == Outcome::Kind::failed);
    CHECK(read(200, R"({"user_id":"a","expires_in":-5})")->who.expires_at_s == start_s - 5);
    CHECK(read(200, R"({"user_id":"a","expires_at":0})")->who.expires_at_s == 1);
    const std::string big(4097, 'x');
    for (const std::string& body :
         std::vector<std::string>{"",
                                  "null",
                                  "[]",
                                  "{}",
                                  R"({"user_id":"","expires_in":5})",
                                  R"({"user_id":["a"],"expires_in":5})",
                                  R"({"user_id":"a\n","expires_in":5})",
                                  R"({"user_id":"a","user_id":"b","expires_in":5})",
                                  R"({"user_id":"a","expires_in":"5"})",
                                  R"({"user_id":"a","expires_in":1e300})",
                                  R"({"user_id":"a","expires_in":5,"expires_at":9})",
                                  R"({"user_id":"a","expires_at":1767225600000000})",
                                  R"({"user_id":"a","expires_in":5,"groups":[1]})",
                                  R"({"user_id":"a","expires_in":5,"client_id":""})",
                                  R"({"user_id":"a","expires_in":5,"attributes":[]})",
                                  R"({"user_id":"a","expires_in":5,"attributes":{"auth.name":"b"}})",
                                  R"({"user_id":"a","expires_in":5,"attributes":{"":"b"}})",
                                  R"({"user_id":"a","expires_in":5,"attributes":{"x":")" + big + "\"}}",
                                  R"({"user_id":"a","expires_in":5,"name":")" + big + "\"}",
                                  ada + "x",
                                  "\xEF\xBB\xBF" + ada}) {
        CAPTURE(body);
        const OutcomePtr outcome = read(200, body);
        CHECK(outcome->kind == Outcome::Kind::failed);
        CHECK(outcome->failure == Outcome::Failure::answer);
        CHECK_FALSE(outcome->why.empty());
    }
    CHECK(read(200, R"({"user_id":"a"})", false)->kind == Outcome::Kind::admitted);
}

TEST_CASE("a class of the back end is passed on unless it may be a secret") {
    const auto code = [](const std::string& body) { return read(401, body)->code; };
    CHECK(code(R"({"code":"revoked_2"})") == "revoked_2");
    for (const char* body :
         {"", "<html>", R"({"code":7})", R"({"code":"No such token"})", R"({"code":""})", R"({"code":"k3n"})",
          R"({"code":"abc123"})", R"({"code":"a123456789a123456789a123456789a123456789b"})"}) {
        CAPTURE(body);
        CHECK(code(body) == "token_refused");
    }
    CHECK(read(403, R"({"code":"token"})")->code == "token");
}

TEST_CASE("the cache is bounded, and lets the oldest go") {
    Cache cache(3);
    const auto key = [](unsigned char n) {
        auth_http::Key made{};
        made[0] = n;
        return made;
    };
    const auto outcome = [](const std::string& user) {
        auto made = std::make_shared<Outcome>();
        made->who.user_id = user;
        return made;
    };
    const auto is_there = [&](unsigned char n, int64_t now_ms) {
        return cache.find(key(n), now_ms) != nullptr;
    };
    for (unsigned char n = 1; n <= 4; ++n)
        cache.put(key(n), outcome(n % 2 ? "odd" : "even"), 100, 0);
    CHECK(cache.size() == 3);
    CHECK_FALSE(is_there(1, 0));
    CHECK(is_there(2, 99));
    CHECK_FALSE(is_there(2, 100));
    CHECK(cache.size() == 2);
    cache.put(key(3), outcome("new"), 200, 0);
    CHECK(cache.size() == 2);
    CHECK(cache.find(key(3), 150)->who.user_id == "new");
    cache.put(key(5), outcome("x"), 50, 50);  // over already
    CHECK(cache.size() == 2);
    CHECK(cache.forget_user("even") == 1);
    CHECK(cache.forget_all() == 1);
    CHECK(cache.size() == 0);
}

}  // namespace gatewayd
