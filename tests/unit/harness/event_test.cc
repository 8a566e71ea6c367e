// gw.event/1 as plugin teams test with it.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Error;
using gateway::harness::Plugin;

struct Fixture : Plugin {
    explicit Fixture(const std::string& name) : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/" + name + ".so") {}
};

std::string answer(Connection client, const std::string& message) {
    const std::vector<std::string> answers = client.message(message).answers();
    return answers.size() == 1 ? answers[0] : std::to_string(answers.size()) + " answers";
}

TEST_CASE("what a plugin emits is there for the test") {
    Fixture plugin("tells");
    plugin.create("at_start: tells.begins");
    plugin.start();
    Connection client = plugin.connect();
    CHECK(answer(client, R"({"type":"tell","content":"ticket.assigned","data":{"a":1}})") ==
          R"({"type":"told","wanted":true,"went":true})");
    REQUIRE(plugin.emitted().size() == 2);
    CHECK(plugin.emitted()[0].name == "tells.begins");
    CHECK(plugin.emitted()[1].name == "ticket.assigned");
    CHECK(plugin.emitted()[1].json == R"({"a":1})");
    CHECK(plugin.problems().empty());
}

TEST_CASE("nobody listens: it is not wanted, and goes nowhere") {
    Fixture plugin("tells");
    plugin.create();
    plugin.somebody_listens(false);
    plugin.start();
    CHECK(answer(plugin.connect(), R"({"type":"tell","content":"ticket.assigned"})") ==
          R"({"type":"told","wanted":false,"went":true})");
    CHECK(plugin.emitted().size() == 1);
}

TEST_CASE("a name or JSON that is none is a problem") {
    Fixture plugin("tells");
    plugin.create();
    plugin.start();
    Connection client = plugin.connect();
    CHECK(client.message(R"({"type":"tell","content":"client.connected"})").outcome() == "failed");
    CHECK(client.message(R"({"type":"tell","content":"a","data":[1]})").outcome() == "failed");
    CHECK(plugin.emitted().empty());
    CHECK(plugin.problems().size() == 3);  // wanted() and emit() of the first
}

TEST_CASE("the test emits, and the plugin hears it in its turn") {
    Fixture plugin("hears");
    plugin.create("patterns: [ticket.*]\nretell: crm.seen");
    plugin.start();
    Connection client = plugin.connect();
    plugin.emit("ticket.assigned", R"({"a":1})");
    plugin.emit("group.left", "{}");
    CHECK(plugin.emitted().empty());
    plugin.turn();
    const auto request = client.message(R"({"type":"heard"})");
    CHECK(request.field("content") == "a ticket.assigned {\"a\":1}\n");
    REQUIRE(plugin.emitted().size() == 1);
    CHECK(plugin.emitted()[0].name == "crm.seen");
    CHECK_THROWS_AS(plugin.emit("no name", "{}"), Error);
    CHECK(plugin.problems().empty());
}

TEST_CASE("a pattern that is none, and a gateway without events") {
    Fixture plugin("hears");
    CHECK(plugin.refusal("patterns: ['*.x']").find("listen(*.x): not valid") != std::string::npos);
    CHECK(plugin.problems().size() == 1);
    Fixture older("hears");
    older.lack("gw.event/1");
    CHECK(older.refusal("patterns: [a]").find("does not offer gw.event/1") != std::string::npos);
    Fixture teller("tells");
    teller.lack("gw.event/1");
    teller.create("at_start: a");
    teller.start();  // does without
    CHECK(answer(teller.connect(), R"({"type":"tell","content":"a"})") ==
          R"({"type":"told","wanted":false,"went":true})");
}

}  // namespace
}  // namespace gatewayd
