// gw.permissions/1 as plugin teams test with it.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Client;
using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;

struct Permits : Plugin {
    Permits() : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/permits.so") {}
    Connection customer() { return connect(Client()); }
    Connection agent() {
        Client agent;
        agent.client_id = agent.user_id = "ann";
        agent.user_type = "agent";
        return connect(agent);
    }
};

TEST_CASE("a rule of a plugin allows whom it says, or whom the test says") {
    Permits plugin;
    plugin.create();
    plugin.start();
    Connection bob = plugin.customer(), ann = plugin.agent();
    CHECK(ann.message(R"({"type":"upload"})").outcome() == "answered");
    const Request refused = bob.message(R"({"type":"upload"})");
    CHECK(refused.outcome() == "rejected");
    plugin.permit("permits.upload", {"customer"});
    CHECK(bob.message(R"({"type":"upload"})").outcome() == "answered");
    CHECK(ann.message(R"({"type":"upload"})").outcome() == "rejected");
    CHECK(plugin.problems().empty());
}

TEST_CASE("without the capability the plugin's create says so") {
    Permits plugin;
    plugin.offer("gw.permissions/1", nullptr);
    CHECK(plugin.refusal("").find("does not offer gw.permissions/1") != std::string::npos);
}

}  // namespace
}  // namespace gatewayd
