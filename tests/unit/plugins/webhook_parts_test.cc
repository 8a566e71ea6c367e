// The parts of the plugin webhook that need no gateway.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "plugins/webhook/backoff.h"
#include "plugins/webhook/batch.h"
#include "plugins/webhook/handover.h"
#include "plugins/webhook/queue.h"
#include "plugins/webhook/selection.h"
#include "plugins/webhook/signature.h"
#include "plugins/webhook/verdict.h"

namespace webhook {
namespace {

using Texts = std::vector<std::string>;

// --- signature ---

TEST_CASE("webhook: a signature for each secret, of the time and the body") {
    // As Python's hmac makes them.
    CHECK(sign({"0123456789abcdef", "fedcba9876543210"}, 1764158000, R"({"a":1})") ==
          "t=1764158000,v1=8b12ac23b1f309b97130723d543c40205b7a1efc3a17415dea714e990bba7706,v1="
          "80cb80104d845b8d08c3b5962faf36b98b6396bc73bc2f23d9934baaba298b92");
    CHECK(sign({"0123456789abcdef"}, 1764158001, R"({"a":1})")
              .find("8b12ac23b1f309b97130723d543c40205b7a1efc3a17415dea714e990bba7706") == std::string::npos);
}

// --- backoff ---

TEST_CASE("webhook: attempts come more and more rarely, up to a limit, spread by chance") {
    CHECK(backoff_ms(1, 500, 60000, 1) == 500);
    CHECK(backoff_ms(2, 500, 60000, 1) == 1000);
    CHECK(backoff_ms(7, 500, 60000, 1) == 32000);
    CHECK(backoff_ms(8, 500, 60000, 1) == 60000);
    CHECK(backoff_ms(4000000000, 500, 60000, 1) == 60000);
    CHECK(backoff_ms(1, 500, 60000, 0) == 250);
    CHECK(backoff_ms(1, 500, 60000, 0.5) == 375);
    CHECK(backoff_ms(3, 70, 70, 1) == 70);
}

TEST_CASE("webhook: Retry-After is seconds or a date, and has a limit") {
    constexpr int64_t now_s = 1445412480;  // Wed, 21 Oct 2015 07:28:00 GMT
    CHECK(retry_after_ms("120", now_s) == 120000);
    CHECK(retry_after_ms("0", now_s) == 0);
    CHECK(retry_after_ms("86400", now_s) == max_retry_after_ms);
    CHECK(retry_after_ms("99999999999999999999", now_s) == max_retry_after_ms);
    CHECK(retry_after_ms("Wed, 21 Oct 2015 07:28:30 GMT", now_s) == 30000);
    CHECK(retry_after_ms("Wed, 21 Oct 2015 07:27:00 GMT", now_s) == 0);
    CHECK(retry_after_ms("Fri, 31 Dec 2100 23:59:59 GMT", now_s) == max_retry_after_ms);
    for (const char* none : {"", "soon", "-1", "1.5", "Wed, 21 Oct 2015", "Wed, 21 Bad 2015 07:28:00 GMT",
                             "Wed, 21 Oct 2015 07:28:00 CET"}) {
        CAPTURE(none);
        CHECK_FALSE(retry_after_ms(none, now_s));
    }
}

// --- selection ---

Selection selection(const Texts& patterns) {
    Selection made;
    for (const std::string& pattern : patterns)
        CHECK(made.add(pattern) == "");
    return made;
}

TEST_CASE("webhook: events are chosen by name, by their first words, or all") {
    const Selection some =
        selection({"client.connected", "message.text", "message.order.new", "ticket.*", "group.left"});
    CHECK(some.events() == GW_EV_CONNECTED);
    CHECK(some.wants_messages());
    CHECK(some.has_message("text"));
    CHECK(some.has_message("order.new"));
    CHECK_FALSE(some.has_message("order"));
    CHECK_FALSE(some.has_message(""));
    CHECK(some.plugin_patterns() == Texts{"ticket.*", "group.left"});

    const Selection all = selection({"*"});
    CHECK(all.events() == (GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_STARTED | GW_EV_STOPPED));
    CHECK(all.has_message(""));
    CHECK(all.plugin_patterns() == Texts{"*"});

    const Selection few = selection({"client.*", "message.*", "websocket.stopped"});
    CHECK(few.events() == (GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_STOPPED));
    CHECK(few.has_message("anything"));
    CHECK(few.plugin_patterns().empty());
    CHECK_FALSE(selection({"ticket.*"}).wants_messages());
    CHECK(selection({"ticket.*"}).events() == 0);
}

TEST_CASE("webhook: an event that two patterns match is heard once") {
    CHECK(selection({"group.left", "group.*", "group.*", "a", "a"}).plugin_patterns() ==
          Texts{"group.*", "a"});
    CHECK(selection({"group.*", "*", "ticket.closed"}).plugin_patterns() == Texts{"*"});
    CHECK(selection({"groups.left", "group.*"}).plugin_patterns() == Texts{"groups.left", "group.*"});
}

TEST_CASE("webhook: what is no event of the gateway is refused") {
    Selection made;
    for (const char* bad : {"client.conected", "websocket.x", "message", "message.", "client.connected.*"}) {
        CAPTURE(bad);
        CHECK(made.add(bad) != "");
    }
    CHECK(made.add("message." + std::string(max_type_bytes + 1, 'x')) != "");
    CHECK(made.empty());
}

// --- queue ---

Event event(const std::string& json, uint64_t at_ns = 1) {
    return {json, at_ns};
}
Texts texts(const std::vector<Event>& events) {
    Texts all;
    for (const Event& each : events)
        all.push_back(each.json);
    return all;
}

TEST_CASE("webhook: the oldest events make room for new ones, in number") {
    Queue queue(3, 1000);
    for (const char* json : {"a", "b", "c"})
        CHECK(queue.push(event(json)) == 0);
    CHECK(queue.push(event("d")) == 1);
    CHECK(queue.size() == 3);
    CHECK(queue.bytes() == 3);
    CHECK(texts(queue.take(9, 1000)) == Texts{"b", "c", "d"});
    CHECK(queue.empty());
    CHECK(queue.bytes() == 0);
}

TEST_CASE("webhook: and in bytes; what is larger than all the room is not taken") {
    Queue queue(100, 10);
    queue.push(event("1234"));
    queue.push(event("5678"));
    CHECK(queue.push(event("9999")) == 1);
    CHECK(queue.push(event("0123456789")) == 2);
    CHECK(queue.push(event("0123456789x")) == 1);
    CHECK(texts(queue.take(9, 1000)) == Texts{"0123456789"});
}

TEST_CASE("webhook: a batch has as many as fit, and one at least") {
    Queue queue(100, 1000);
    for (const char* json : {"aaaa", "bbbb", "cccc"})
        queue.push(event(json));
    CHECK(texts(queue.take(2, 1000)) == Texts{"aaaa", "bbbb"});
    CHECK(texts(queue.take(2, 1)) == Texts{"cccc"});
    CHECK(queue.take(2, 1).empty());
}

TEST_CASE("webhook: what the generation before had comes first, and goes first when there is no room") {
    Queue queue(4, 1000);
    queue.push(event("new1", 20));
    queue.push(event("new2", 21));
    CHECK(queue.merge({event("old1", 1), event("old2", 2), event("old3", 3)}) == 1);
    CHECK(queue.oldest_ns() == 2);
    CHECK(texts(queue.take(9, 1000)) == Texts{"old2", "old3", "new1", "new2"});
}

TEST_CASE("webhook: events of two generations are put together by their time, each in its order") {
    Queue queue(9, 1000);
    for (const uint64_t at : {20, 30, 30})
        queue.push(event("new" + std::to_string(queue.size()), at));
    CHECK(queue.merge({event("old0", 10), event("old1", 30), event("old2", 25)}) == 0);
    CHECK(texts(queue.take(9, 1000)) == Texts{"old0", "new0", "old1", "old2", "new1", "new2"});
}

// --- batch and handover ---

TEST_CASE("webhook: a batch says its id, its events, and what was lost") {
    const std::vector<Event> events{event(R"({"a":1})", 5), event(R"({"b":2})", 6)};
    const Batch batch = Batch::of("x-d1", events, 0, 9);
    CHECK(batch.body == R"({"delivery_id":"x-d1","events":[{"a":1},{"b":2}]})");
    CHECK(batch.events == 2);
    CHECK(batch.oldest_ns == 5);
    CHECK(Batch::of("x-d2", events, 3, 9).body ==
          R"({"delivery_id":"x-d2","lost":3,"events":[{"a":1},{"b":2}]})");
}

TEST_CASE("webhook: what is handed over comes out as it went in") {
    Handover handover;
    handover.lost = 7;
    handover.events = {event("{}", 1), event(std::string("\0\xFF", 2), 2)};
    handover.batches = {Batch::of("x-d1", {event("{}", 3)}, 4, 9), Batch::of("x-d2", {event("{}", 3)}, 0, 9)};
    handover.batches[0].attempts = 5;
    const std::string bytes = handover.bytes();
    const auto read = Handover::of(bytes);
    REQUIRE(read);
    CHECK(read->lost == 7);
    CHECK(texts(read->events) == texts(handover.events));
    CHECK(read->events[1].at_ns == 2);
    REQUIRE(read->batches.size() == 2);
    CHECK(read->batches[1].id == "x-d2");
    CHECK(read->batches[0].id == "x-d1");
    CHECK(read->batches[0].body == handover.batches[0].body);
    CHECK(read->batches[0].events == 1);
    CHECK(read->batches[0].lost == 4);
    CHECK(read->batches[0].oldest_ns == 3);
    CHECK(read->batches[0].made_ns == 9);
    CHECK(read->batches[0].attempts == 5);
    for (size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(Handover::of(std::string_view(bytes).substr(0, size)));
    CHECK_FALSE(Handover::of(bytes + "x"));
    CHECK(Handover::of(Handover().bytes()));
}

// --- verdicts ---

std::string wrong(const std::string& body) {
    std::string why;
    return read_verdict(body, &why) ? "" : why;
}
Verdict read(const std::string& body) {
    std::string why;
    const auto verdict = read_verdict(body, &why);
    CHECK(why == "");
    return verdict.value_or(Verdict());
}

TEST_CASE("webhook: the four answers") {
    CHECK(read(R"({"action":"allow","more":[1]})").action == Verdict::Action::allow);
    const Verdict deny = read(R"({"action":"deny","reason":"no \"ads\""})");
    CHECK(deny.action == Verdict::Action::deny);
    CHECK(deny.reason == "no \"ads\"");
    const Verdict replace =
        read(R"({"action":"replace","message":{"content":"***","data":{"a":[1.5]},"to":null}})");
    CHECK(replace.action == Verdict::Action::replace);
    REQUIRE(replace.fields.size() == 3);
    CHECK(replace.fields[0] == std::pair<std::string, std::string>("content", "\"***\""));
    CHECK(replace.fields[1] == std::pair<std::string, std::string>("data", R"({"a":[1.5]})"));
    CHECK(replace.fields[2] == std::pair<std::string, std::string>("to", ""));
    CHECK(read(R"({"action":"answer","message":{"type":"help"}})").message == R"({"type":"help"})");
}

TEST_CASE("webhook: a reason is cut between characters") {
    std::string ö;
    for (size_t i = 0; i < max_reason_bytes; ++i)
        ö += "ö";
    const std::string reason = read(R"({"action":"deny","reason":"x)" + ö + "\"}").reason;
    CHECK(reason.size() == max_reason_bytes - 1);
    CHECK(static_cast<unsigned char>(reason.back()) == 0xB6);
}

TEST_CASE("webhook: what is no answer is told in words") {
    CHECK(wrong("").find("no JSON object") != std::string::npos);
    CHECK(wrong("[]").find("no JSON object") != std::string::npos);
    CHECK(wrong("<html>").find("no JSON object") != std::string::npos);
    CHECK(wrong("{}").find("action is none of") != std::string::npos);
    CHECK(wrong(R"({"action":true})").find("action is none of") != std::string::npos);
    CHECK(wrong(R"({"action":"Allow"})").find("action is none of") != std::string::npos);
    CHECK(wrong(R"({"action":"replace"})").find("no object named message") != std::string::npos);
    CHECK(wrong(R"({"action":"answer","message":"hi"})").find("no object named message") !=
          std::string::npos);
    CHECK(wrong(R"({"action":"replace","message":{}})").find("no fields") != std::string::npos);
    for (const char* name : {"from", "msg_id", "create_at", "seq_no", "type"}) {
        CHECK(wrong(std::string(R"({"action":"replace","message":{")") + name + R"(":"x"}})").find("fixed") !=
              std::string::npos);
    }
    std::string many = "\"a\":1";
    for (size_t i = 0; i < max_replaced_fields; ++i)
        many += ",\"f" + std::to_string(i) + "\":1";
    CHECK(wrong(R"({"action":"replace","message":{)" + many + "}}").find("more than 64") !=
          std::string::npos);
}

}  // namespace
}  // namespace webhook
