// The harness as plugin teams use it: requests of all kinds, connections, the host made difficult.
#include "gateway/harness.hpp"

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gatewayd {
namespace {

using gateway::harness::Client;
using gateway::harness::Connection;
using gateway::harness::Error;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;
using Texts = std::vector<std::string>;

struct Running : Plugin {
    explicit Running(const std::string& name, const std::string& yaml = {})
        : Plugin(std::string(GATEWAYD_TEST_PLUGIN_FOLDER "/") + name + ".so") {
        create(yaml);
        start();
    }
};

TEST_CASE("a file that the gateway refuses is refused with the gateway's words") {
    CHECK_THROWS_AS(Plugin("/nowhere/x.so"), Error);
    try {
        Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/other_major.so");
        FAIL("loaded");
    } catch (const Error& error) {
        CHECK(std::string(error.what()).find("built for plugin ABI 2.1") != std::string::npos);
    }
}

TEST_CASE("a test that asks for what cannot be is told") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/good.so");
    CHECK_THROWS_WITH(plugin.start(), "create the plugin first");
    CHECK_THROWS_AS(plugin.create("a: [1"), Error);
    plugin.create();
    CHECK_THROWS_WITH(plugin.connect(), "start the plugin first");
    plugin.start();
    CHECK_THROWS_WITH(plugin.start(), "the plugin is already started");
    Connection alice = plugin.connect();
    CHECK_THROWS_AS(alice.message("no JSON"), Error);
    CHECK_THROWS_WITH(plugin.refuse("nonsense", GW_E_ARG), "there is no host function nonsense");
    alice.disconnect();
    CHECK_THROWS_WITH(alice.message(R"({"type":"text"})"), "the connection is gone");
}

TEST_CASE("the rest of the chain is what the test says it is") {
    Running plugin("good");
    Connection alice = plugin.connect();
    const auto outcome = [&](int32_t rest) {
        plugin.rest_is(rest);
        return alice.message(R"({"type":"text"})").outcome();
    };
    CHECK(outcome(GW_ST_PASSED) == "passed");
    CHECK(outcome(GW_ST_ANSWERED) == "answered");
    CHECK(outcome(GW_ST_DROPPED) == "dropped");
    CHECK(outcome(GW_E_LIMIT) == "failed");
    CHECK(outcome(GW_E_CANCELLED) == "cancelled");
}

TEST_CASE("done() gets what the rest of the chain made of it") {
    Running plugin("uses_next");
    Connection alice = plugin.connect();
    plugin.rest_is(GW_ST_DROPPED);
    CHECK(alice.message(R"({"type":"text"})").outcome() == "dropped");
    CHECK(alice.attribute("after") == "passed with 2");
}

TEST_CASE("a plugin sees all kinds, through the gateway's own rules of each") {
    Running plugin("sees_everything");
    Handshake http;
    http.path = "/ws";
    http.query = {{"client_id", "a1"}, {"token", "t"}};
    http.headers = {{"Authorization", "Bearer x"}};
    const Request upgrade = plugin.handshake(http);
    CHECK(upgrade.outcome() == "passed");
    CHECK(upgrade.response_header("X-Seen") == "Bearer x t");
    Connection alice = plugin.accept(upgrade);
    CHECK(alice.attribute("seen") == "handshake");
    CHECK(plugin.topics(alice) == Texts{"everyone"});

    CHECK(alice.frame("bytes").payload() == "BYTES");
    const Request message = alice.message(R"({"type":"text","content":"x"})");
    CHECK(message.destination().kind == GW_DEST_TOPIC);
    CHECK(message.destination().id == "everyone");
    CHECK(message.json("n") == "1");
    CHECK(message.field("from") == "verified");
    CHECK(plugin.publish(R"({"type":"text","from":"hr"})").field("seen_from") == "hr");
    CHECK(alice.deliver(R"({"type":"text"})").field("to_client") == "a1");
    CHECK(plugin.published().at(0).message == R"({"type":"joined"})");
    CHECK(plugin.published().at(0).to.kind == GW_DEST_ALL);
    plugin.turn();
    CHECK(plugin.log() == Texts{"info: published to 1"});

    const Request refused = plugin.handshake();
    CHECK(refused.outcome() == "rejected");
    CHECK(refused.rejection().status == 401);
    CHECK_THROWS_AS(plugin.accept(refused), Error);
}

TEST_CASE("a plugin closes, kicks and sends; the test looks at it afterwards") {
    Running plugin("sees_everything");
    Connection alice = plugin.connect();
    alice.message(R"({"type":"close"})");
    CHECK(alice.sent() == Texts{R"({"type":"bye"})"});
    CHECK(alice.closing().code == 4001);
    CHECK(alice.closing().reason == "asked for");
    CHECK_FALSE(alice.open());
    CHECK(plugin.log().back() == "info: disconnected plugin_close");

    Client bob;
    bob.client_id = "b1";
    Connection second = plugin.connect(bob);
    second.message(R"({"type":"kick"})");
    CHECK(second.open());
    plugin.turn();
    CHECK_FALSE(second.open());
    CHECK(plugin.log().back() == "info: disconnected kicked");
}

TEST_CASE("host functions fail when the test says so") {
    Running plugin("sees_everything");
    Connection alice = plugin.connect();
    plugin.refuse("set_json", GW_E_LIMIT);
    CHECK(alice.message(R"({"type":"text","content":"x"})").outcome() == "failed");
    plugin.refuse("set_json", GW_OK);
    CHECK(alice.message(R"({"type":"text","content":"x"})").outcome() == "passed");
}

TEST_CASE("on_error: open lets what failed pass") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_other_hooks.so");
    plugin.fail_open();
    plugin.create();
    plugin.start();
    CHECK(plugin.connect().message(R"({"type":"text"})").outcome() == "passed");
}

TEST_CASE("time stands still until the test moves it") {
    Running plugin("sees_everything");
    CHECK(plugin.wall_time_ms() == gateway::harness::start_time_ms);
    plugin.advance_ms(1500);
    CHECK(plugin.wall_time_ms() == gateway::harness::start_time_ms + 1500);
    CHECK(plugin.connect().message(R"({"type":"time"})").field("at") ==
          std::to_string(gateway::harness::start_time_ms + 1500));
}

TEST_CASE("the configuration is YAML with places and a folder") {
    const testing::TemporaryFolder folder;
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/sees_everything.so");
    CHECK(plugin.refusal("\nfail: yes", folder.path()) == "test.yaml:2:7: fail: " + folder.path() + "/yes");
}

}  // namespace
}  // namespace gatewayd
