// The plugin webhook in the harness: what goes out when, and what becomes of what does not arrive.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Client;
using gateway::harness::Connection;
using gateway::harness::HttpAnswer;
using gateway::harness::HttpRequest;
using gateway::harness::Plugin;
using gateway::harness::Request;

const std::string file = std::string(GATEWAYD_PLUGIN_FOLDER) + "/webhook.so";
const std::string url = "http://127.0.0.1:9/hook";
const std::string common = "url: " + url + "\nsecret: 0123456789abcdef\nflush_timeout_ms: 0\n";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// How often a part stands in a text.
size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

struct Hook {
    Plugin plugin{file};

    explicit Hook(const std::string& config) {
        plugin.create(common + config);
        plugin.start();
    }
    // What was sent until now.
    std::vector<HttpRequest> sent() { return plugin.http_requests(); }
    HttpRequest last() {
        REQUIRE_FALSE(sent().empty());
        return sent().back();
    }
    double value(const std::string& metric, const std::map<std::string, std::string>& labels = {}) {
        return plugin.metric(metric, labels).value;
    }
    Connection connect(const std::string& user = "ada") {
        Client who;
        who.user_id = user;
        who.client_id = "c-" + user;
        return plugin.connect(who);
    }
    // Time for a batch to become due and for its answer.
    void pass_ms(uint64_t ms) {
        plugin.advance_ms(ms);
        plugin.turn();
        plugin.turn();
    }
};

TEST_CASE("webhook: events go out together, in their order, signed") {
    Hook hook("events: [client.*, message.text, group.*]\nmax_delay_ms: 100\nheaders: {X-Tenant: t1}");
    hook.plugin.http_answer(200, "");
    Connection ada = hook.connect();
    CHECK(ada.message(R"( {"type":"text","to":"bob","content":"hi"} )").outcome() == "passed");
    CHECK(ada.message(R"({"type":"other"})").outcome() == "passed");
    hook.plugin.emit("group.created", R"({"group_id":"g"})", "group");
    hook.plugin.turn();
    ada.disconnect(1001, "client_close");
    CHECK(hook.sent().empty());
    hook.pass_ms(100);
    REQUIRE(hook.sent().size() == 1);
    const HttpRequest request = hook.last();
    CHECK(request.method == "POST");
    CHECK(request.url == url);
    CHECK(request.headers.at("X-Tenant") == "t1");
    CHECK(request.headers.at("X-Gateway-Attempt") == "1");
    CHECK(has(request.body,
              R"({"delivery_id":")" + request.headers.at("X-Gateway-Delivery") + R"(","events":[)"));
    CHECK(request.headers.at("X-Gateway-Signature").substr(0, 16) == "t=1767225600,v1=");
    const size_t connected = request.body.find(R"({"event":"client.connected","id":")");
    const size_t message = request.body.find(R"({"event":"message.text",)");
    const size_t group = request.body.find(R"({"event":"group.created",)");
    const size_t gone = request.body.find(R"({"event":"client.disconnected",)");
    CHECK(connected < message);
    CHECK(message < group);
    CHECK(group < gone);
    CHECK(gone != std::string::npos);
    CHECK(
        has(request.body, R"("client_id":"c-ada","user_id":"ada","user_type":"customer","remote_address":)"));
    CHECK(has(request.body, R"("message":{"type":"text","to":"bob","content":"hi","from":"ada","msg_id":")"));
    CHECK(has(request.body, R"("plugin":"group","data":{"group_id":"g"}})"));
    CHECK(has(request.body, R"("reason":"client_close","code":1001}]})"));
    CHECK(hook.value("delivered_total") == 4);
    CHECK(hook.value("queue_events") == 0);
    CHECK(hook.value("queue_bytes") == 0);
    CHECK(hook.plugin.metric("lag_seconds").samples == 1);
    CHECK(hook.plugin.problems().empty());
}

TEST_CASE("webhook: what nobody wants is not asked of the gateway") {
    CHECK(Hook("events: [client.connected]").plugin.kinds() == 0);
    CHECK(Hook("events: [client.connected]").plugin.events() == GW_EV_CONNECTED);
    CHECK(Hook("events: [ticket.*]").plugin.events() == 0);
    CHECK(Hook("events: [message.*]").plugin.kinds() == GW_KIND_MESSAGE);
    CHECK(Hook("events: []\nask: {types: [order]}").plugin.kinds() == GW_KIND_MESSAGE);
}

TEST_CASE("webhook: a message that did not go through is not told") {
    Hook hook("events: [message.*]\nmax_delay_ms: 0");
    hook.plugin.http_answer(200, "");
    Connection ada = hook.connect();
    for (const int32_t end : {GW_ST_ANSWERED, GW_ST_DROPPED}) {
        hook.plugin.rest_is(end);
        ada.message(R"({"type":"text"})");
    }
    hook.pass_ms(20);
    CHECK(hook.sent().empty());
    hook.plugin.rest_is(GW_ST_PASSED);
    hook.plugin.hold_rest();
    Request held = ada.message(R"({"type":"text","n":1})");
    CHECK(held.outcome() == "pending");
    hook.plugin.hold_rest(false);
    held.end_rest(GW_ST_PASSED);
    hook.pass_ms(20);
    CHECK(count(hook.last().body, "\"n\":1") == 1);
}

TEST_CASE("webhook: a full batch does not wait, and one is on its way at a time") {
    Hook hook("events: [message.*]\nbatch_size: 2\nmax_delay_ms: 60000");
    hook.plugin.http_answer({200, "", {}, 50, GW_HTTP_OK, ""});
    Connection ada = hook.connect();
    for (int i = 0; i < 5; ++i)
        ada.message(R"({"type":"text","n":)" + std::to_string(i) + "}");
    CHECK(hook.sent().size() == 1);
    CHECK(hook.value("queue_events") == 5);
    hook.pass_ms(50);
    CHECK(hook.sent().size() == 2);
    CHECK(has(hook.last().body, "\"n\":2"));
    CHECK(has(hook.last().body, "\"n\":3"));
    hook.pass_ms(50);
    CHECK(hook.sent().size() == 2);  // one alone waits for company
    CHECK(hook.value("delivered_total") == 4);
    hook.pass_ms(60000);
    CHECK(hook.sent().size() == 3);
    CHECK(hook.value("delivered_total") == 5);
}

TEST_CASE("webhook: a batch is sent again, the same, until it arrives; nothing overtakes it") {
    Hook hook("events: [message.*]\nmax_delay_ms: 0\nretry_min_ms: 100\nretry_max_ms: 400");
    Connection ada = hook.connect();
    hook.plugin.http_answer({503, "", {}, 0, GW_HTTP_OK, ""});
    ada.message(R"({"type":"text","n":1})");
    hook.plugin.turn();
    ada.message(R"({"type":"text","n":2})");
    for (int i = 0; i < 6; ++i)
        hook.pass_ms(400);
    const std::vector<HttpRequest> sent = hook.sent();
    CHECK(sent.size() >= 7);
    CHECK(sent.size() <= 14);
    for (size_t i = 0; i < sent.size(); ++i) {
        CHECK(sent[i].body == sent[0].body);
        CHECK(sent[i].headers.at("X-Gateway-Delivery") == sent[0].headers.at("X-Gateway-Delivery"));
        CHECK(sent[i].headers.at("X-Gateway-Attempt") == std::to_string(i + 1));
    }
    CHECK(sent.back().headers.at("X-Gateway-Signature") != sent[0].headers.at("X-Gateway-Signature"));
    CHECK(hook.value("attempts_total", {{"result", "status"}}) == static_cast<double>(sent.size()));
    CHECK(hook.value("queue_events") == 2);
    hook.plugin.http_answer(200, "");
    hook.pass_ms(400);
    hook.pass_ms(20);
    CHECK(hook.value("delivered_total") == 2);
    CHECK(has(hook.last().body, "\"n\":2"));
    CHECK_FALSE(has(hook.last().body, "\"n\":1"));
    // The log says when it began and when it ended, not each attempt.
    REQUIRE(hook.plugin.log().size() == 2);
    CHECK(has(hook.plugin.log()[0], "warn: the back end takes no events: POST " + url +
                                        ": status 503; 1 event waiting, next attempt in "));
    CHECK(has(hook.plugin.log()[1], "info: the back end takes events again: " + url + ", after "));
}

TEST_CASE("webhook: no answer is as bad as a bad one") {
    for (const int32_t outcome : {GW_HTTP_TIMEOUT, GW_HTTP_CONNECT, GW_HTTP_TLS, GW_HTTP_BROKEN}) {
        Hook hook("events: [message.*]\nmax_delay_ms: 0\nretry_min_ms: 10\nretry_max_ms: 10");
        hook.plugin.http_answer({200, "", {}, 0, outcome, "nobody there"});
        Connection ada = hook.connect();
        ada.message(R"({"type":"text"})");
        hook.pass_ms(20);
        hook.plugin.http_answer(200, "");
        hook.pass_ms(20);
        CHECK(hook.value("delivered_total") == 1);
        CHECK(has(hook.plugin.log().at(0), "warn: the back end takes no events: POST " + url +
                                               ": nobody there; 1 event waiting, next attempt in "));
    }
}

TEST_CASE("webhook: Retry-After is respected, with 429 and 503") {
    for (const int status : {429, 503}) {
        Hook hook("events: [message.*]\nmax_delay_ms: 0\nretry_min_ms: 10\nretry_max_ms: 10");
        hook.plugin.http_answer({status, "", {{"Retry-After", "30"}}, 0, GW_HTTP_OK, ""});
        Connection ada = hook.connect();
        ada.message(R"({"type":"text"})");
        hook.plugin.turn();
        hook.pass_ms(29900);
        CHECK(hook.sent().size() == 1);
        hook.pass_ms(200);
        CHECK(hook.sent().size() == 2);
    }
}

TEST_CASE("webhook: what the back end refuses is given up at once, and the next batch tells of it") {
    for (const int status : {400, 401, 404, 410, 302}) {
        Hook hook("events: [message.*]\nmax_delay_ms: 0");
        hook.plugin.http_answer({status, "", {{"Location", "https://other/?k=1"}}, 0, GW_HTTP_OK, ""});
        Connection ada = hook.connect();
        ada.message(R"({"type":"text","n":1})");
        hook.pass_ms(20);
        CHECK(hook.value("given_up_total", {{"reason", "refused"}}) == 1);
        CHECK(hook.value("queue_events") == 0);
        const std::vector<std::string> log = hook.plugin.log();
        const std::string word = status == 302
                                     ? "a redirect to https://other/, which is not followed; change url"
                                     : std::to_string(status);
        CHECK(has(log.back(), "error: 1 event given up, refused by the back end: POST " + url + ": status "));
        CHECK(has(log.back(), word));
        CHECK_FALSE(has(log.back(), "k=1"));
        hook.plugin.http_answer(200, "");
        ada.message(R"({"type":"text","n":2})");
        hook.pass_ms(20);
        CHECK(has(hook.last().body, R"("lost":1,"events":[)"));
        ada.message(R"({"type":"text","n":3})");
        hook.pass_ms(20);
        CHECK_FALSE(has(hook.last().body, "\"lost\""));
        CHECK(hook.value("delivered_total") == 2);
    }
}

TEST_CASE("webhook: what is too old is given up, and counts as lost") {
    Hook hook(
        "events: [message.*]\nmax_delay_ms: 0\nretry_min_ms: 1000\nretry_max_ms: 1000\ngive_up_after: 5");
    hook.plugin.http_answer(500, "");
    Connection ada = hook.connect();
    ada.message(R"({"type":"text"})");
    for (int i = 0; i < 6; ++i)
        hook.pass_ms(1000);
    CHECK(hook.value("given_up_total", {{"reason", "expired"}}) == 1);
    CHECK(has(hook.plugin.log().back(), "give_up_after is over"));
    CHECK(hook.value("queue_events") == 0);
}

TEST_CASE("webhook: a full queue loses its oldest events, and tells how many") {
    Hook hook("events: [message.*]\nmax_queue: 10\nmax_delay_ms: 0\nretry_min_ms: 100\nretry_max_ms: 100");
    hook.plugin.http_answer(500, "");
    Connection ada = hook.connect();
    for (int i = 0; i < 15; ++i)
        ada.message(R"({"type":"text","n":)" + std::to_string(i) + "}");
    CHECK(hook.value("given_up_total", {{"reason", "queue_full"}}) == 4);  // one is on its way
    hook.plugin.http_answer(200, "");
    hook.pass_ms(100);
    hook.pass_ms(100);
    CHECK(hook.value("delivered_total") == 11);
    CHECK(has(hook.last().body, R"("lost":4,"events":[)"));
    CHECK(has(hook.last().body, "\"n\":5"));
    CHECK_FALSE(has(hook.last().body, "\"n\":4"));
}

TEST_CASE("webhook: the admin listener shows what waits, and an attempt can be had at once") {
    Hook hook("events: [message.*]\nmax_delay_ms: 0\nretry_min_ms: 60000");
    hook.plugin.http_answer(500, "");
    Connection ada = hook.connect();
    ada.message(R"({"type":"text"})");
    hook.pass_ms(5000);
    const auto shown = hook.plugin.admin("GET", "/queue").answer();
    CHECK(shown.status == 200);
    CHECK(has(shown.body, R"({"state":"running","waiting":1,"waiting_bytes":)"));
    CHECK(has(shown.body, R"("oldest_seconds":5,"attempts":1,"delivery_id":")"));
    CHECK(has(shown.body, R"("last_error":"POST )" + url + ": status 500\""));
    hook.plugin.http_answer(200, "");
    CHECK(hook.plugin.admin("POST", "/retry").answer().status == 200);
    hook.plugin.turn();
    CHECK(hook.value("delivered_total") == 1);
    CHECK(has(hook.plugin.admin("GET", "/queue").answer().body, R"("waiting":0,)"));
}

TEST_CASE("webhook: what is left at the end is sent, or counted and told") {
    SUBCASE("sent, although it was not due") {
        Hook hook("events: [client.connected]\nmax_delay_ms: 60000");
        hook.plugin.http_answer(200, "");
        hook.connect();
        CHECK(hook.sent().empty());
        hook.plugin.end();
        CHECK(hook.sent().size() == 1);
        CHECK(hook.value("queue_events") == 0);
    }
    SUBCASE("counted") {
        Hook hook("events: [client.connected]\nmax_delay_ms: 60000");
        hook.plugin.http_answer(500, "");
        hook.connect();
        hook.plugin.end();
        CHECK(has(hook.plugin.log().back(), "error: 1 event given up: the plugin stops"));
    }
}

// --- ask ---

TEST_CASE("webhook: the back end decides about a message before it goes on") {
    Hook hook("events: [message.*]\nmax_delay_ms: 60000\nask: {types: [order]}");
    hook.plugin.http_handler([](const HttpRequest& request) {
        if (has(request.body, "\"deny\""))
            return HttpAnswer{200, R"({"action":"deny","reason":"sold out"})", {}, 0, 0, ""};
        if (has(request.body, "\"replace\""))
            return HttpAnswer{
                200, R"({"action":"replace","message":{"content":"***","to":"bob","data":null}})", {}, 0, 0,
                ""};
        if (has(request.body, "\"answer\""))
            return HttpAnswer{200, R"({"action":"answer","message":{"type":"help"}})", {}, 0, 0, ""};
        return HttpAnswer{200, R"({"action":"allow"})", {}, 0, 0, ""};
    });
    Connection ada = hook.connect();
    CHECK(ada.message(R"({"type":"text"})").outcome() == "passed");
    CHECK(hook.sent().empty());
    const auto ask = [&](const std::string& content) {
        Request request = ada.message(R"({"type":"order","data":1,"content":")" + content + "\"}");
        CHECK(request.outcome() == "pending");
        CHECK(hook.value("ask_in_flight") == 1);
        CHECK(request.wait());
        CHECK(hook.value("ask_in_flight") == 0);
        return request;
    };
    CHECK(ask("allow").outcome() == "passed");
    const HttpRequest asked = hook.last();
    CHECK(has(asked.body, R"({"event":"message.ask","id":")"));
    CHECK(has(asked.body, R"("user_id":"ada")"));
    CHECK(has(asked.body, R"("message":{"type":"order","data":1,"content":"allow","from":"ada")"));
    CHECK(has(asked.headers.at("X-Gateway-Signature"), ",v1="));
    const Request denied = ask("deny");
    CHECK(denied.rejection().word == "forbidden");
    CHECK(denied.rejection().why == "sold out");
    const Request replaced = ask("replace");
    CHECK(replaced.outcome() == "passed");
    CHECK(replaced.field("content") == "***");
    CHECK(replaced.json("data") == "");
    CHECK(replaced.destination().kind == GW_DEST_USER);
    CHECK(replaced.destination().id == "bob");
    CHECK(ask("answer").answers() == std::vector<std::string>{R"({"type":"help"})"});
    for (const char* action : {"allow", "deny", "replace", "answer"})
        CHECK(hook.value("asked_total", {{"action", action}}) == 1);
    CHECK(hook.value("queue_events") == 3);  // text, and the two that went on: as they went on
}

TEST_CASE("webhook: without an answer of use on_failure decides") {
    const std::vector<HttpAnswer> bad{
        {500, "", {}, 0, 0, ""},
        {200, "<html>", {}, 0, 0, ""},
        {200, R"({"action":"perhaps"})", {}, 0, 0, ""},
        {200, R"({"action":"replace","message":{"content":"x","id":1,"to":7}})", {}, 0, 0, ""},
        {302, R"({"action":"allow"})", {}, 0, 0, ""},
        {200, "", {}, 0, GW_HTTP_CONNECT, "refused"},
        {200, R"({"action":"allow"})", {}, 5000, 0, ""}};
    for (const bool allows : {false, true}) {
        Hook hook(std::string("ask: {types: ['*'], timeout_ms: 1000, on_failure: ") +
                  (allows ? "allow}" : "deny}"));
        Connection ada = hook.connect();
        double failures = 0;
        for (const HttpAnswer& answer : bad) {
            hook.plugin.http_answer(answer);
            Request request = ada.message(R"({"type":"text","content":"before"})");
            hook.pass_ms(1000);
            ++failures;
            CAPTURE(failures);
            if (allows) {
                CHECK(request.outcome() == "passed");
                CHECK(request.payload() == R"({"type":"text","content":"before"})");
            } else {
                CHECK(request.outcome() == "rejected");
                CHECK(request.rejection().word == "unavailable");
            }
            CHECK(hook.plugin.log().size() == failures);
        }
        CHECK(hook.value("ask_failed_total", {{"reason", "answer"}}) == 3);
        CHECK(hook.value("ask_failed_total", {{"reason", "status"}}) == 2);
        CHECK(hook.value("ask_failed_total", {{"reason", "unreachable"}}) == 1);
        CHECK(hook.value("ask_failed_total", {{"reason", "timeout"}}) == 1);
    }
}

TEST_CASE("webhook: only so many messages wait for an answer; who leaves waits no longer") {
    Hook hook("ask: {types: ['*'], max_in_flight: 1}");
    hook.plugin.http_answer({200, R"({"action":"allow"})", {}, 100, 0, ""});
    Connection ada = hook.connect("ada"), bob = hook.connect("bob");
    Request first = ada.message(R"({"type":"text"})");
    CHECK(first.outcome() == "pending");
    CHECK(bob.message(R"({"type":"text"})").rejection().word == "unavailable");
    CHECK(hook.value("ask_failed_total", {{"reason", "limit"}}) == 1);
    ada.disconnect();
    CHECK(first.outcome() == "cancelled");
    CHECK(hook.value("ask_in_flight") == 0);
    Request second = bob.message(R"({"type":"text"})");
    hook.pass_ms(100);
    CHECK(second.outcome() == "passed");
}

// --- configuration ---

std::string refusal(const std::string& yaml) {
    return Plugin(file).refusal(yaml);
}

TEST_CASE("webhook: mistakes in the configuration are named") {
    const std::string to = "url: " + url + "\n";
    const std::string secret = "secret: 0123456789abcdef\n";
    CHECK(has(refusal(to + secret), "events: is empty, and there is no ask"));
    CHECK(has(refusal(to + "events: [group.*]"), "secret: is required"));
    CHECK(has(refusal(to + "secret: short\nevents: [group.*]"),
              "secret: has 5 bytes; a secret needs at least 16"));
    CHECK(has(refusal(to + secret + "secrets: [0123456789abcdef]\nevents: [group.*]"), "keep one of them"));
    CHECK(has(refusal(to + "secrets: []\nevents: [group.*]"), "secrets: is empty"));
    CHECK(has(refusal(secret + "events: [group.*]"), "url: is required"));
    CHECK(has(refusal("url: http://example.com/\n" + secret + "events: [group.*]"), "must be https"));
    CHECK(refusal("url: http://example.com/\nallow_http: true\n" + secret + "events: [group.*]") == "");
    CHECK(has(refusal(to + secret + "events: [client.conected]"),
              "test.yaml:3:10: events[0]: is no event of the gateway"));
    CHECK(has(refusal(to + secret + "event: [group.*]"), "event: unknown key; there are: url"));
    CHECK(
        has(refusal(to + secret + "events: [group.*]\nbatch_size: 0"), "batch_size: must be from 1 to 1000"));
    CHECK(has(refusal(to + secret + "events: [group.*]\nretry_min_ms: 500\nretry_max_ms: 100"),
              "retry_max_ms: must be from 500"));
    CHECK(has(refusal(to + secret + "events: [group.*]\nheaders: {Host: x}"),
              "Host: is a header that the gateway itself writes"));
    CHECK(has(refusal(to + secret + "events: [group.*]\nheaders: {X-Gateway-Delivery: x}"),
              "the gateway itself writes"));
    CHECK(has(refusal(to + secret + "ask: {}"), "ask.types: names the types"));
    CHECK(has(refusal(to + secret + "ask: {types: [a], on_failure: open}"), "must be deny"));
    CHECK(has(refusal(secret + "ask: {types: [a]}"), "url: is required"));
    CHECK(refusal(secret + "ask: {types: [a], url: 'https://example.com/ask'}") == "");
    Plugin plugin(file);
    CHECK(has(plugin.refusal(to + secret + "events: ['*.x']"), "events: \"*.x\" is no event, NAME.* or *"));
    CHECK(plugin.problems().size() == 1);  // the harness tells authors of it too
}

}  // namespace
}  // namespace gatewayd
