// Requests that a plugin puts aside, in the harness: resumed, too late, in the middle of a disconnect.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;
using Texts = std::vector<std::string>;

struct Running : Plugin {
    explicit Running(const std::string& name)
        : Plugin(std::string(GATEWAYD_TEST_PLUGIN_FOLDER "/") + name + ".so") {
        create();
        start();
    }
};

std::string text(const std::string& content) {
    return R"({"type":"text","content":")" + content + "\"}";
}

TEST_CASE("a request is pending until a thread resumes it, and goes on in the test's thread") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    Request request = alice.message(text("later"));
    CHECK(request.outcome() == "pending");
    CHECK(request.wait());
    CHECK(request.outcome() == "passed");

    Request refused = alice.message(text("refuse"));
    CHECK(refused.wait());
    CHECK(refused.outcome() == "rejected");
    CHECK(refused.rejection().word == "forbidden");
    CHECK(plugin.problems().empty());
}

TEST_CASE("a connection is read no further while one of its requests is pending; others go on") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    Connection bob = plugin.connect();
    Request held = alice.message(text("hold"));
    Request behind = alice.message(text("behind"));
    CHECK(held.outcome() == "pending");
    CHECK(behind.outcome() == "unread");
    CHECK(alice.deliver(text("x")).outcome() == "passed");
    CHECK(bob.message(text("release")).outcome() == "answered");
    CHECK(behind.wait());
    CHECK(held.outcome() == "passed");
    CHECK(behind.outcome() == "passed");
}

TEST_CASE("a deadline is the fake clock's, and on_cancel gets what was kept") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    Request request = alice.message(text("never"));  // 300 ms
    plugin.advance_ms(299);
    CHECK(request.outcome() == "pending");
    plugin.advance_ms(200);  // the gateway looks each 100 ms
    CHECK(request.outcome() == "failed");
    CHECK(request.status() == GW_E_TIMEOUT);
    CHECK(plugin.log() == Texts{"info: cancelled: never " + std::to_string(GW_WHY_DEADLINE)});
}

TEST_CASE("a disconnect in the middle ends the request; a resume after it touches nothing") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    Request held = alice.message(text("hold"));
    Request behind = alice.message(text("behind"));
    alice.disconnect();
    CHECK(held.outcome() == "cancelled");
    CHECK(behind.outcome() == "cancelled");
    CHECK(plugin.log() == Texts{"info: cancelled: hold " + std::to_string(GW_WHY_DISCONNECT)});
    plugin.connect().message(text("release"));
    plugin.turn();
    CHECK(held.outcome() == "cancelled");
    CHECK(plugin.problems().empty());
}

TEST_CASE("a handshake is put aside, too") {
    Running plugin("defers");
    Handshake http;
    http.query["defer"] = "later";
    Request upgrade = plugin.handshake(http);
    CHECK(upgrade.outcome() == "pending");
    CHECK(upgrade.wait());
    CHECK(plugin.accept(upgrade).open());
    http.query["defer"] = "hold";
    Request slow = plugin.handshake(http);
    plugin.advance_ms(20000);  // more than a handshake has
    CHECK(slow.outcome() == "failed");
}

TEST_CASE("a deferral that another verdict withdraws, and a resume that comes before defer returned") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    CHECK(alice.message(text("leave")).outcome() == "passed");
    plugin.resume_early();
    Request early = alice.message(text("hold"));
    CHECK(early.outcome() == "pending");
    plugin.turn();
    CHECK(early.outcome() == "passed");
}

TEST_CASE("next() that completes later: done runs once, when the rest of the chain has ended") {
    Running plugin("uses_next");
    Connection alice = plugin.connect();
    plugin.hold_rest();
    Request request = alice.message(text("x"));
    CHECK(request.outcome() == "pending");
    CHECK(alice.attribute("after").empty());
    request.end_rest(GW_ST_DROPPED);
    CHECK(request.outcome() == "dropped");
    CHECK(alice.attribute("after") == "passed with 2");
    CHECK_THROWS_AS(request.end_rest(GW_ST_PASSED), gateway::harness::Error);

    Request cut = alice.message(text("x"));
    alice.disconnect();
    CHECK(cut.outcome() == "cancelled");
    CHECK(alice.attribute("after") == "passed with " + std::to_string(GW_E_CANCELLED));
}

TEST_CASE("the end cancels what is pending, before connections go") {
    Running plugin("defers");
    Connection alice = plugin.connect();
    Request held = alice.message(text("hold"));
    plugin.end();
    CHECK(held.outcome() == "cancelled");
    CHECK(plugin.log() == Texts{"info: cancelled: hold " + std::to_string(GW_WHY_DRAIN)});
}

TEST_CASE("a second resume is a problem, although the gateway only answers that it is stale") {
    Running plugin("resumes_twice");
    Request request = plugin.connect().message(text("x"));
    CHECK(request.wait());
    CHECK(request.outcome() == "passed");
    CHECK(plugin.problems() == Texts(2, "resume() of a token for the second time"));
}

}  // namespace
}  // namespace gatewayd
