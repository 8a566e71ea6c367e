// The binary fixtures of each release (tests/abi/fixtures): they load and answer as they did then.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

#if defined(__x86_64__)
namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;
using Texts = std::vector<std::string>;

struct Fixture : Plugin {
    explicit Fixture(const std::string& name)
        : Plugin(std::string(GATEWAYD_SOURCE_DIR "/tests/abi/fixtures/1.0/") + name + ".so") {
        create();
        start();
    }
};

TEST_CASE("1.0: a plugin in C") {
    Fixture plugin("uppercase");
    CHECK(plugin.name() == "uppercase");
    CHECK(plugin.kinds() == GW_KIND_MESSAGE);
    CHECK(plugin.connect().message(R"({"type":"text","content":"hello"})").field("content") == "HELLO");
    CHECK(plugin.problems().empty());
}

TEST_CASE("1.0: a plugin of the C++ SDK that sees all kinds") {
    Fixture plugin("sees_everything");
    Handshake http;
    http.headers = {{"Authorization", "Bearer x"}};
    http.query = {{"token", "t"}};
    const Request upgrade = plugin.handshake(http);
    CHECK(upgrade.response_header("X-Seen") == "Bearer x t");
    Connection alice = plugin.accept(upgrade);
    CHECK(alice.attribute("seen") == "handshake");
    CHECK(plugin.topics(alice) == Texts{"everyone"});
    CHECK(alice.frame("bytes").payload() == "BYTES");
    const Request message = alice.message(R"({"type":"text"})");
    CHECK(message.json("n") == "1");
    CHECK(message.destination().id == "everyone");
    CHECK(plugin.publish(R"({"type":"text","from":"hr"})").field("seen_from") == "hr");
    CHECK(alice.deliver(R"({"type":"text"})").field("to_client") == "c1");
    alice.message(R"({"type":"close"})");
    CHECK(alice.closing().code == 4001);
    plugin.turn();
    CHECK(plugin.log() == Texts{"info: disconnected plugin_close", "info: published to 1"});
    CHECK(plugin.handshake().rejection().status == 401);
    CHECK(plugin.problems().empty());
}

TEST_CASE("1.0: a plugin that defers") {
    Fixture plugin("defers");
    Connection alice = plugin.connect();
    const auto send = [&](const std::string& how) {
        return alice.message(R"({"type":"text","content":")" + how + "\"}");
    };
    Request later = send("later");
    CHECK(later.outcome() == "pending");
    CHECK(later.wait());
    CHECK(later.outcome() == "passed");
    Request refused = send("refuse");
    CHECK(refused.wait());
    CHECK(refused.rejection().word == "forbidden");
    Request never = send("never");
    plugin.advance_ms(1000);
    CHECK(never.status() == GW_E_TIMEOUT);
    send("hold");
    alice.disconnect();
    CHECK(plugin.log() == Texts{"info: cancelled: never 2", "info: cancelled: hold 1"});
    CHECK(plugin.problems().empty());
}

}  // namespace
}  // namespace gatewayd
#else
TEST_CASE("the fixtures are for x86-64: nothing to test here") {
    MESSAGE("skipped");
}
#endif
