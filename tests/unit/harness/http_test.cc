// gw.http/1 as a plugin under test sees it, and the border functions by themselves.
#include "gateway/ext/http.h"

#include <doctest/doctest.h>

#include "core/harness/services.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::HttpAnswer;
using gateway::harness::HttpRequest;
using gateway::harness::Plugin;
using gateway::harness::Request;
using Texts = std::vector<std::string>;

struct Running : Plugin {
    explicit Running(const std::string& yaml = {}) : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/asks.so") {
        create(yaml);
        start();
        alice = std::make_unique<Connection>(connect());
    }
    Request say(const std::string& content) {
        return alice->message(R"({"type":"text","content":")" + content + "\"}");
    }
    std::unique_ptr<Connection> alice;
};

TEST_CASE("a hook asks, its request is put aside, and goes on with the answer") {
    Running plugin;
    plugin.http_answer(200, "fine");
    const Request request = plugin.say("ask");
    CHECK(request.outcome() == "pending");
    plugin.turn();
    CHECK(request.outcome() == "passed");
    CHECK(plugin.log() == Texts{"info: asked: 0 status 200 [fine]"});
    const auto asked = plugin.http_requests();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].method == "POST");
    CHECK(asked[0].url == "http://back.end/ask?key=secret");
    CHECK(asked[0].headers.at("Content-Type") == "application/json");
    CHECK(asked[0].body == "{}");
    CHECK(asked[0].timeout_ms == 10000);

    plugin.http_answer(500, "no");
    Request refused = plugin.say("ask");
    CHECK(refused.wait());
    CHECK(refused.rejection().why == "no");
}

TEST_CASE("the handler sees each request; the answer takes its time, or is too late") {
    Running plugin;
    plugin.http_handler([](const HttpRequest& asked) {
        HttpAnswer answer;
        answer.headers = {{"X-A", asked.headers.at("X-Key")}};
        answer.after_ms = 999;
        return answer;
    });
    const Request request = plugin.say("keep");
    plugin.advance_ms(998);
    CHECK(request.outcome() == "pending");
    plugin.advance_ms(1);
    CHECK(request.outcome() == "passed");
    CHECK(plugin.log() == Texts{"info: keep value: 0 status 200 []"});

    HttpAnswer late;
    late.after_ms = 1000;
    plugin.http_answer(late);
    const Request slow = plugin.say("keep");
    plugin.advance_ms(1000);
    CHECK(slow.outcome() == "passed");
    CHECK(plugin.log().back() == "info: keep none: 1 GET http://back.end/ask: timeout []");
}

TEST_CASE("nobody listens, and other failures that a test wants") {
    Running plugin;
    Request request = plugin.say("ask");
    CHECK(request.wait());
    CHECK(request.outcome() == "rejected");
    CHECK(plugin.log().back() ==
          "info: asked: 3 POST http://back.end/ask: the test has no answer: http_answer() []");
    HttpAnswer untrusted;
    untrusted.outcome = GW_HTTP_TLS;
    untrusted.error = "self-signed";
    plugin.http_answer(untrusted);
    CHECK(plugin.say("ask").wait());
    CHECK(plugin.log().back() == "info: asked: 4 POST http://back.end/ask: self-signed []");
    plugin.http_answer(200, std::string(1024 * 1024 + 1, 'x'));
    CHECK(plugin.say("ask").wait());
    CHECK(plugin.log().back() == "info: asked: 6 POST http://back.end/ask: too_large []");
}

TEST_CASE("a request that cannot be sent is the hook's error, and nothing is left over") {
    Running plugin;
    CHECK(plugin.say("wrong").outcome() == "failed");
    CHECK(plugin.log() ==
          Texts{"error: exception in Intercept: http request: the URL has a character in its host that no "
                "host name has (IDN: write it as xn--...)"});
    plugin.refuse("http.request", GW_E_LIMIT);
    Request limited = plugin.say("ask");
    CHECK(limited.wait());  // as an answer, so that there is one place for failures
    CHECK(plugin.log().back() == "info: asked: 8  []");

    Plugin misconfigured(GATEWAYD_TEST_PLUGIN_FOLDER "/asks.so");
    CHECK(misconfigured.refusal("url: http://user@host/") ==
          "test.yaml:1:6: url: the URL has a user before @; send credentials in a header (Authorization)");
}

TEST_CASE("a connection that goes takes its request along") {
    Running plugin;
    HttpAnswer slow;
    slow.after_ms = 500;
    plugin.http_answer(slow);
    plugin.say("ask");
    plugin.turn();
    plugin.alice->disconnect();
    CHECK(plugin.log() == Texts{"info: dropped 1"});
    plugin.turn();
    CHECK(plugin.log() == Texts{"info: dropped 1"});  // its completion resumes nothing
}

TEST_CASE("outside of connections: from Start, cancelled, and a completion that throws") {
    Running plugin("on_start: true");
    plugin.http_answer(200, "x");
    plugin.turn();
    CHECK(plugin.log() == Texts{"info: start: 0 status 200 [x]"});
    plugin.say("cancel");
    plugin.turn();
    CHECK(plugin.log().back() == "info: sent: 7 GET http://back.end/ask: cancelled []");
    plugin.say("throw");
    plugin.turn();
    CHECK(plugin.log().back() == "error: exception in an HTTP completion: in done");
    HttpAnswer never;
    never.after_ms = 9999;
    plugin.http_answer(never);
    plugin.say("send");
    plugin.end();
    CHECK(plugin.log().back() == "info: sent: 7 GET http://back.end/ask: cancelled []");
}

TEST_CASE("a gateway without the capability") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/asks.so");
    plugin.offer(GW_EXT_HTTP, nullptr);
    CHECK(plugin.refusal("") == "this gatewayd does not offer gw.http/1");
}

// --- the border, without the SDK ---

struct Border {
    Border() {
        hub.fake_http().set_clock([] { return uint64_t{0}; });
        hub.fake_http().set_handler([](const HttpRequest&) { return HttpAnswer{}; });
        plugin.services = &hub;
        plugin.created = true;
        plugin.settings.name = "border";
        request.struct_size = sizeof request;
        request.url = GW_STR("http://host/");
        error.struct_size = sizeof error;
    }
    int32_t send(gw_token* out = nullptr) {
        error.message[0] = '\0';
        return table.request(to_abi(&plugin), &request, count, &calls, out, &error);
    }
    static void count(void* ud, const gw_http_response* response) {
        if (response->struct_size == sizeof(gw_http_response)) ++*static_cast<int*>(ud);
    }
    const gw_http_v1& table = *static_cast<const gw_http_v1*>(find_extension(GW_EXT_HTTP));
    harness::FakeHub hub;
    PluginInstance plugin;
    gw_http_request request{};
    gw_error error{};
    int calls = 0;
};

TEST_CASE("what is not valid is refused with words, and done is not called") {
    Border border;
    const auto refused = [&](auto change) {
        const gw_http_request good = border.request;
        change(border.request);
        gw_token token{7, 7};
        CHECK(border.send(&token) == GW_E_ARG);
        border.request = good;
        return std::string(border.error.message);
    };
    CHECK(refused([](auto& r) { r.struct_size = 8; }).find("gw_http_request.struct_size is 8") == 0);
    CHECK(refused([](auto& r) { r.flags = 2; }).find("flags has bits") == 0);
    CHECK(refused([](auto& r) { r.method = GW_STR("TRACE"); }).find("the method is none of") == 0);
    CHECK(refused([](auto& r) { r.url = {nullptr, 5}; }) == "the URL is not valid");
    CHECK(refused([](auto& r) { r.url = GW_STR("x"); }).find("the URL does not begin") == 0);
    CHECK(refused([](auto& r) { r.header_count = 1; }) == "headers is null");
    CHECK(refused([](auto& r) { r.header_count = 65; }) == "more than 64 headers");
    CHECK(refused([](auto& r) { r.body = {nullptr, 1}; }).find("a body of more than") == 0);
    CHECK(refused([](auto& r) { r.body = {"x", UINT64_MAX}; }).find("a body of more than") == 0);
    const gw_http_header injected = {GW_STR("X-A"), GW_STR("b\r\nX-C: d")};
    CHECK(refused([&](auto& r) { r.headers = &injected, r.header_count = 1; }) ==
          "header 1 (X-A) has a control character in its value");
    CHECK(border.table.request(nullptr, &border.request, Border::count, nullptr, nullptr, nullptr) ==
          GW_E_ARG);
    CHECK(border.table.request(to_abi(&border.plugin), &border.request, nullptr, nullptr, nullptr, nullptr) ==
          GW_E_ARG);
    border.hub.fake_http().answer_due();
    CHECK(border.calls == 0);
}

TEST_CASE("a plugin of a later gw.http/1 may ask if it uses nothing of that") {
    struct Longer {
        gw_http_request request{};
        uint64_t later = 0;
    } longer;
    Border border;
    longer.request = border.request;
    longer.request.struct_size = sizeof longer;
    const auto send = [&] {
        return border.table.request(to_abi(&border.plugin), &longer.request, Border::count, &border.calls,
                                    nullptr, &border.error);
    };
    CHECK(send() == GW_OK);
    longer.later = 1;
    CHECK(send() == GW_E_ARG);
    CHECK(border.hub.fake_http().answer_due());
    CHECK(border.calls == 1);
}

TEST_CASE("tokens, and an instance that is not yet or no longer there") {
    Border border;
    gw_token token{0, 0};
    CHECK(border.send(&token) == GW_OK);
    CHECK(token.generation != 0);
    CHECK(border.table.cancel(to_abi(&border.plugin), {token.slot + 1, token.generation}) == GW_E_STALE);
    CHECK(border.table.cancel(to_abi(&border.plugin), token) == GW_OK);
    CHECK(border.table.cancel(to_abi(&border.plugin), token) == GW_E_STALE);
    CHECK(border.hub.fake_http().answer_due());
    CHECK(border.calls == 1);
    border.plugin.over = true;
    CHECK(border.send(&token) == GW_E_STATE);
    CHECK(token.generation == 0);
    CHECK(std::string(border.error.message) == "the plugin has stopped");
    border.plugin.created = false;
    CHECK(border.send() == GW_E_STATE);
    CHECK(border.table.check_url(to_abi(&border.plugin), GW_STR("https://a/"), nullptr) == GW_OK);
    CHECK(border.table.check_url(to_abi(&border.plugin), GW_STR("a"), &border.error) == GW_E_ARG);
}

}  // namespace
}  // namespace gatewayd
