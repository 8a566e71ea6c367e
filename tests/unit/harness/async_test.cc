// Timers and works in the harness: the fake clock drives the ones, the test says when the others run.
#include <doctest/doctest.h>

#include <algorithm>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;
using Texts = std::vector<std::string>;

struct Running : Plugin {
    Running() : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/uses_async.so") {
        create();
        start();
        turn();  // the end of the timer that Start cancels
    }
    // Every captured object of the plugin was freed.
    void check_end() {
        end();
        CHECK(log().back() == "info: kept 0");
        CHECK(problems().empty());
    }
    bool has_logged(const std::string& line) const {
        const Texts lines = log();
        return std::find(lines.begin(), lines.end(), "info: " + line) != lines.end();
    }
};

std::string text(const std::string& content) {
    return R"({"type":"text","content":")" + content + "\"}";
}

std::string expired(const std::string& content) {
    return R"({"type":"text","content":"expired )" + content + "\"}";
}

TEST_CASE("timers on the control thread expire by the fake clock; what is left ends with the plugin") {
    Running plugin;
    plugin.advance_ms(59);
    CHECK_FALSE(plugin.has_logged("three ticks"));
    plugin.advance_ms(1);
    CHECK(plugin.has_logged("three ticks"));
    CHECK(plugin.timers() == 2);
    plugin.advance_ms(3'600'000);
    CHECK(plugin.timers() == 1);
    plugin.check_end();
    CHECK(plugin.timers() == 0);
}

TEST_CASE("timers on a connection: once, again and again, until it goes") {
    Running plugin;
    const size_t of_the_plugin = plugin.timers();
    Connection alice = plugin.connect();
    Connection bob = plugin.connect();
    alice.message(text("after 250"));
    alice.message(text("every 100"));
    CHECK(plugin.timers() == of_the_plugin + 4);
    plugin.advance_ms(200);
    CHECK(alice.sent() == Texts{expired("every 100")});
    plugin.advance_ms(200);
    const Texts sent = alice.sent();
    CHECK(sent.size() == 4);
    CHECK(std::count(sent.begin(), sent.end(), expired("after 250")) == 1);
    CHECK(plugin.timers() == of_the_plugin + 3);
    alice.disconnect();
    CHECK(plugin.timers() == of_the_plugin + 1);
    plugin.advance_ms(1000);
    CHECK(alice.sent().size() == 4);
    CHECK(bob.open());
    plugin.check_end();
}

TEST_CASE("a timer may close its connection, and ends with it") {
    Running plugin;
    Connection alice = plugin.connect();
    alice.message(text("kick-in 50"));
    plugin.advance_ms(200);
    CHECK(alice.closing().code == 4000);
    CHECK_FALSE(alice.open());
    plugin.check_end();
}

TEST_CASE("a request waits for its work, which runs when the test says so") {
    Running plugin;
    plugin.run_works();  // what Start gave away
    CHECK(plugin.has_logged("worked 42"));
    Connection alice = plugin.connect();
    Request request = alice.message(text("hash me"));
    Request behind = alice.message(text("x"));
    CHECK(request.outcome() == "pending");
    CHECK(plugin.works() == 1);
    plugin.run_works();
    CHECK(request.outcome() == "passed");
    CHECK_FALSE(request.field("hash").empty());
    CHECK(behind.outcome() == "passed");

    Handshake http;
    http.query["do"] = "hash";
    Request upgrade = plugin.handshake(http);
    CHECK(upgrade.wait());  // runs it, too
    CHECK(upgrade.outcome() == "passed");
    CHECK_FALSE(upgrade.response_header("X-Hash").empty());
    plugin.check_end();
}

TEST_CASE("what a work throws fails its request") {
    Running plugin;
    Request request = plugin.connect().message(text("throws"));
    plugin.run_works();
    CHECK(request.outcome() == "failed");
    const Texts log = plugin.log();
    CHECK(std::count(log.begin(), log.end(), "error: exception in OnResume: the work is sick") == 1);
    plugin.check_end();
}

TEST_CASE("a disconnect before the work has begun: it does not run") {
    Running plugin;
    plugin.run_works();
    Connection alice = plugin.connect();
    Request request = alice.message(text("hash me"));
    alice.disconnect();
    CHECK(request.outcome() == "cancelled");
    plugin.run_works();
    plugin.check_end();
}

TEST_CASE("a disconnect when the work has run and not come back") {
    Running plugin;
    Connection alice = plugin.connect();
    Request request = alice.message(text("hash me"));
    alice.message(text("x"));
    plugin.run_works(false);
    CHECK(request.outcome() == "pending");
    alice.disconnect();
    CHECK(request.outcome() == "cancelled");
    plugin.turn();
    plugin.check_end();
}

TEST_CASE("a deadline comes before the work: on_error decides, and what comes back is freed") {
    Running plugin;
    Request request = plugin.connect().message(text("hash me"));
    plugin.advance_ms(31000);
    CHECK(request.outcome() == "failed");
    CHECK(request.status() == GW_E_TIMEOUT);
    plugin.run_works();
    plugin.check_end();
}

TEST_CASE("works for a connection come back to it while it is there") {
    Running plugin;
    plugin.run_works();
    Connection alice = plugin.connect();
    alice.message(text("burst 3"));
    CHECK(plugin.works() == 3);
    plugin.run_works();
    CHECK(alice.sent().size() == 3);
    alice.message(text("burst 3"));
    alice.disconnect();
    CHECK(plugin.works() == 0);
    Connection bob = plugin.connect();
    bob.message(text("burst 3"));
    plugin.run_works(false);
    bob.disconnect();
    plugin.turn();
    CHECK(bob.sent().empty());
    plugin.check_end();
}

TEST_CASE("the end of the plugin with everything in flight frees it all") {
    Running plugin;
    Connection alice = plugin.connect();
    alice.message(text("burst 5"));
    alice.message(text("every 100"));
    alice.message(text("hash me"));
    Connection bob = plugin.connect();
    bob.message(text("burst 5"));
    plugin.run_works(false);
    plugin.check_end();
}

TEST_CASE("limits and refusals are the gateway's") {
    Running plugin;
    Connection alice = plugin.connect();
    CHECK(alice.message(text("every 9")).outcome() == "failed");  // too short
    plugin.refuse("timer.start", GW_E_LIMIT);
    CHECK(alice.message(text("after 100")).outcome() == "failed");
    plugin.refuse("timer.start", GW_OK);
    for (int i = 0; i < 15; ++i)
        CHECK(alice.message(text("after 1000")).outcome() == "answered");
    CHECK(alice.message(text("after 1000")).outcome() == "failed");
    plugin.refuse("work.start", GW_E_LIMIT);
    CHECK(alice.message(text("hash me")).outcome() == "failed");
    plugin.check_end();
}

}  // namespace
}  // namespace gatewayd
