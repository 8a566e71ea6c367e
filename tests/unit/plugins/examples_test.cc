// The example plugins, and what the C++ SDK promises to every plugin: no exception leaves a hook.
#include <doctest/doctest.h>

#include "tests/support/loaded_plugin.h"

namespace gatewayd {
namespace {

using testing::FakeConnection;
using testing::FakeNode;
using testing::FakeRequest;
using testing::LoadedPlugin;

TEST_CASE("uppercase changes the ASCII letters of a text content and nothing else") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/uppercase.so");
    REQUIRE(plugin.create(FakeNode::map({})).empty());
    FakeRequest request;
    request.fields["content"] = "hello, Zo\xC3\xAB [az]";
    request.fields["to"] = "u2";
    CHECK(plugin.intercept(&request) == GW_CONTINUE);
    CHECK(request.fields["content"] == "HELLO, ZO\xC3\xAB [AZ]");
    CHECK(request.fields["to"] == "u2");

    FakeRequest none;
    CHECK(plugin.intercept(&none) == GW_CONTINUE);
    CHECK(none.fields.empty());

    FakeRequest number;
    number.json_fields["content"] = "true";
    CHECK(plugin.intercept(&number) == GW_CONTINUE);
    CHECK(number.fields.empty());

    FakeRequest fixed;
    fixed.fields["content"] = "x";
    fixed.refuse_changes = GW_E_STATE;
    CHECK(plugin.intercept(&fixed) == GW_E_FAIL);
}

TEST_CASE("uppercase takes no configuration") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/uppercase.so");
    CHECK(plugin.create(FakeNode::map({{"locale", FakeNode::text("tr")}})) ==
          "uppercase takes no configuration: remove its `config`");
}

TEST_CASE("hello: ten lines of C++") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/hello.so");
    REQUIRE(plugin.create(FakeNode::map({})).empty());
    const gw_str name = plugin.hooks().name(plugin.self());
    CHECK(std::string(name.ptr, name.len) == "hello");
    FakeRequest request;
    request.fields["content"] = "hello";
    CHECK(plugin.intercept(&request) == GW_CONTINUE);
    CHECK(request.fields["content"] == "hello, world");

    LoadedPlugin misconfigured(GATEWAYD_PLUGIN_FOLDER "/hello.so");
    CHECK(misconfigured.create(FakeNode::map({{"x", FakeNode::text("1", "g.yaml:5:3")}})) ==
          "g.yaml:5:3: x: unknown key; there are none");
}

TEST_CASE("an exception in a hook is logged and becomes the hook's error") {
    LoadedPlugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_hooks.so");
    REQUIRE(plugin.create(FakeNode::map({})).empty());
    FakeConnection connection;
    FakeRequest request;
    void* slot = nullptr;
    uint32_t kinds = GW_KIND_MESSAGE;
    CHECK(plugin.hooks().attach(plugin.self(), connection.raw(), &slot, &kinds) == GW_E_FAIL);
    CHECK(plugin.intercept(&request, &connection) == GW_E_FAIL);
    plugin.event(GW_EV_CONNECTED, &connection);
    plugin.hooks().detach(plugin.self(), slot, connection.raw());
    plugin.stop();
    CHECK(plugin.host.log() == std::vector<std::string>{"error: exception in Attach: attach",
                                                        "error: exception in Intercept: intercept",
                                                        "error: exception in OnEvent: event",
                                                        "error: exception in Detach: detach",
                                                        "error: exception in Stop: not a std::exception"});
}

TEST_CASE("an exception in create or start is its error message") {
    LoadedPlugin start(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_hooks.so");
    REQUIRE(start.create(FakeNode::map({{"fail_in", FakeNode::text("start")}})).empty());
    CHECK(start.start() == "no such port");

    // Longer than the message's room: cut before a character, never inside one.
    LoadedPlugin create(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_hooks.so");
    std::string place;
    for (int i = 0; i < 200; ++i)
        place += "\xC3\xA9";
    const std::string error = create.create(FakeNode::map({{"fail_in", FakeNode::list({}, place)}}));
    CHECK(error.size() == 254);
    CHECK(error == place.substr(0, 254));
}

TEST_CASE("a host that lacks a function makes an error of the hook, not a crash") {
    LoadedPlugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/uses_next.so");
    REQUIRE(plugin.create(FakeNode::map({})).empty());
    FakeRequest request;
    CHECK(plugin.intercept(&request) == GW_DONE);
    CHECK(request.fields["after"] == "passed with 0");

    plugin.host.mutable_table()->next = nullptr;
    CHECK(plugin.intercept(&request) == GW_E_FAIL);
    CHECK(plugin.host.log() ==
          std::vector<std::string>{"error: exception in Intercept: this gatewayd does not offer next"});
}

}  // namespace
}  // namespace gatewayd
