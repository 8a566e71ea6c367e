// The example plugins, and what the C++ SDK promises to every plugin: no exception leaves a hook.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Plugin;

// Created and started without configuration.
struct Running : Plugin {
    explicit Running(const std::string& file) : Plugin(file) {
        create();
        start();
    }
};

TEST_CASE("uppercase changes the ASCII letters of a text content and nothing else") {
    Running plugin(GATEWAYD_PLUGIN_FOLDER "/uppercase.so");
    Connection alice = plugin.connect();
    const auto request =
        alice.message("{\"type\":\"text\",\"to\":\"u2\",\"content\":\"hello, Zo\xC3\xAB [az]\"}");
    CHECK(request.outcome() == "passed");
    CHECK(request.field("content") == "HELLO, ZO\xC3\xAB [AZ]");
    CHECK(request.field("to") == "u2");

    CHECK(alice.message(R"({"type":"text"})").payload() == R"({"type":"text"})");
    CHECK(alice.message(R"({"type":"text","content":true})").payload() ==
          R"({"type":"text","content":true})");

    plugin.refuse("set_field", GW_E_STATE);
    CHECK(alice.message(R"({"type":"text","content":"x"})").outcome() == "failed");
}

TEST_CASE("uppercase takes no configuration") {
    Plugin plugin(GATEWAYD_PLUGIN_FOLDER "/uppercase.so");
    CHECK(plugin.refusal("locale: tr") == "uppercase takes no configuration: remove its `config`");
}

TEST_CASE("hello: ten lines of C++") {
    Running plugin(GATEWAYD_PLUGIN_FOLDER "/hello.so");
    CHECK(plugin.name() == "hello");
    CHECK(plugin.connect().message(R"({"type":"text","content":"hello"})").field("content") ==
          "hello, world");

    Plugin misconfigured(GATEWAYD_PLUGIN_FOLDER "/hello.so");
    CHECK(misconfigured.refusal("\n  x: 1") == "test.yaml:2:6: x: unknown key; there are none");
}

TEST_CASE("echo claims frames with an answer of their own kind") {
    Running plugin(GATEWAYD_PLUGIN_FOLDER "/echo.so");
    const auto request = plugin.connect().frame(std::string("\x00\xFF", 2), true);
    CHECK(request.outcome() == "answered");
    CHECK(request.answers() == std::vector<std::string>{std::string("\x00\xFF", 2)});
}

TEST_CASE("an exception in a hook is logged and becomes the hook's error") {
    Running plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_hooks.so");
    CHECK(plugin.publish(R"({"type":"text"})").seen() == false);
    Connection alice = plugin.connect();
    CHECK(alice.closing().code == 1011);
    CHECK_FALSE(alice.attached());
    plugin.end();
    CHECK(plugin.log() == std::vector<std::string>{"error: exception in Attach: attach",
                                                   "error: exception in Stop: not a std::exception"});

    Running attached(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_other_hooks.so");
    CHECK(attached.connect().message(R"({"type":"text","content":"x"})").outcome() == "failed");
    attached.end();
    CHECK(attached.log() == std::vector<std::string>{"error: exception in OnEvent: event",
                                                     "error: exception in Intercept: intercept",
                                                     "error: exception in Detach: detach"});
}

TEST_CASE("an exception in create or start is its error message") {
    Plugin start(GATEWAYD_TEST_PLUGIN_FOLDER "/throws_in_hooks.so");
    REQUIRE(start.refusal("fail_in: start").empty());
    CHECK(start.start_refusal() == "no such port");

    // Longer than the message's room: cut before a character, never inside one.
    std::string key;
    for (int i = 0; i < 120; ++i)
        key += "\xC3\xA9";
    Plugin create(GATEWAYD_PLUGIN_FOLDER "/hello.so");
    const std::string error = create.refusal("k" + key + ": 1");
    const std::string whole = "test.yaml:1:244: k" + key;
    CHECK(error.size() == 254);
    CHECK(error == whole.substr(0, 254));
}

TEST_CASE("a host that lacks a function makes an error of the hook, not a crash") {
    Running plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/uses_next.so");
    Connection alice = plugin.connect();
    CHECK(alice.message(R"({"type":"text","content":"x"})").outcome() == "passed");
    CHECK(alice.attribute("after") == "passed with 0");

    plugin.lack("next");
    CHECK(alice.message(R"({"type":"text","content":"x"})").outcome() == "failed");
    CHECK(plugin.log() ==
          std::vector<std::string>{"error: exception in Intercept: this gatewayd does not offer next"});
}

}  // namespace
}  // namespace gatewayd
