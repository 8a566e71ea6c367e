// The plugin lua: its configuration, scripts that change, gateway.shared, and the scripts that it ships.
#include <doctest/doctest.h>

#include <future>
#include <thread>

#include "gateway/harness.hpp"
#include "lua_fixture.h"
#include "plugins/lua/shared_store.h"

namespace gatewayd {
namespace {

using gateway::harness::Client;
using gateway::harness::Connection;
using gateway::harness::Plugin;
using gateway::harness::Request;

// --- configuration ---

TEST_CASE("lua says where in the YAML, and where in the script, something is wrong") {
    const auto error_of = [](const std::string& script, const std::string& yaml) {
        Lua plugin;
        plugin.write("filter.lua", script);
        return plugin.refusal(yaml, plugin.path);
    };
    const std::string good = "function message(req) end";
    const std::string yaml = "scripts:\n  - filter.lua";
    CHECK(error_of(good, yaml).empty());
    CHECK(error_of("function message(req)\n  x = = 1\nend", yaml) ==
          "test.yaml:2:5: scripts[0]: filter.lua:2: unexpected symbol near '='");
    CHECK(error_of("local x = nil\nx.y = 1", yaml).find("filter.lua:2: attempt to index local 'x'") !=
          std::string::npos);
    CHECK(error_of("while true do end", yaml).find("filter.lua:1: more than instruction_limit allows") !=
          std::string::npos);
    CHECK(error_of("x = ('x'):rep(1e9)", yaml).find("filter.lua: more memory than memory_limit_mb allows") !=
          std::string::npos);
    CHECK(error_of("function mesage(req) end", yaml) ==
          "test.yaml:2:5: scripts[0]: filter.lua: defines none of the functions handshake, frame, message, "
          "publish, "
          "delivery, connected, disconnected");
    CHECK(error_of("message = 7", yaml).find("filter.lua: message must be a function, not a number") !=
          std::string::npos);
    CHECK(error_of(good, "scripts: [other.lua]").find("other.lua: No such file or directory") !=
          std::string::npos);
    CHECK(error_of(good, "scripts: [/]").find("is no regular file") != std::string::npos);
    CHECK(error_of(good, "scripts: []").find("scripts: is required: at least one") != std::string::npos);
    CHECK(error_of(good, "script: filter.lua").find("script: unknown key; there are: scripts, reload") !=
          std::string::npos);
    CHECK(error_of(good, "scripts: [{file: filter.lua, confg: {}}]").find("unknown key") !=
          std::string::npos);
    CHECK(error_of(good, yaml + "\nmemory_limit_mb: 0") ==
          "test.yaml:3:18: memory_limit_mb: must be from 1 to 1024");
    CHECK(error_of(std::string(2 << 20, ' '), yaml).find("has more than 1048576 bytes") != std::string::npos);
}

TEST_CASE("a script that others may write is not run") {
    Lua plugin;
    plugin.write("filter.lua", "function message(req) end");
    std::filesystem::permissions(plugin.path + "/filter.lua", std::filesystem::perms(0666));
    const char* allowed = std::getenv("GATEWAYD_ALLOW_WRITABLE_PLUGINS");
    const std::string before = allowed == nullptr ? "" : allowed;
    ::unsetenv("GATEWAYD_ALLOW_WRITABLE_PLUGINS");
    const std::string refusal = plugin.refusal("scripts: [filter.lua]", plugin.path);
    if (!before.empty()) ::setenv("GATEWAYD_ALLOW_WRITABLE_PLUGINS", before.c_str(), 1);
    CHECK(refusal.find("others than its owner can change") != std::string::npos);
    CHECK(refusal.find("chmod go-w") != std::string::npos);
}

TEST_CASE("lua wants what its scripts define, and no more") {
    CHECK(Lua("function handshake(req) end").kinds() == GW_KIND_HANDSHAKE);
    Lua plugin("function connected(client) end");
    CHECK(plugin.kinds() == 0);
    CHECK(plugin.events() == (GW_EV_CONNECTED | GW_EV_REOPEN));
}

// --- scripts that change ---

bool reloads_to(Lua& plugin, const std::string& content) {
    Connection alice = plugin.connect();
    return plugin.wait_for([&] { return alice.message(Lua::text("x")).field("content") == content; });
}

TEST_CASE("a script is read anew when its file changes, by itself") {
    Lua plugin("function message(req) req:set('content', 'one') end");
    CHECK(reloads_to(plugin, "one"));
    plugin.write("filter.lua", "function message(req) req:set('content', 'two') end");
    CHECK(reloads_to(plugin, "two"));
    CHECK(plugin.logged("info: filter.lua: reloaded; it has message"));
    // In place.
    std::ofstream(plugin.path + "/filter.lua") << "function message(req) req:set('content', 'three') end";
    CHECK(reloads_to(plugin, "three"));
}

TEST_CASE("a script that does not load leaves the old one in its place, and says why") {
    Lua plugin("function message(req) req:set('content', 'old') end");
    plugin.write("filter.lua", "function message(req)\n  oops(\nend");
    CHECK(plugin.wait_for([&] {
        return plugin.logged(
            "error: filter.lua:3: unexpected symbol near 'end'; the script as it was before stays");
    }));
    CHECK(reloads_to(plugin, "old"));
    plugin.write("filter.lua", "function message(req) req:set('content', 'new') end");
    CHECK(reloads_to(plugin, "new"));
    std::filesystem::remove(plugin.path + "/filter.lua");
    CHECK(reloads_to(plugin, "new"));
}

TEST_CASE("a link that is pointed elsewhere is a change, as it is for Kubernetes' files") {
    Lua plugin;
    std::filesystem::create_directories(plugin.path + "/v1");
    std::filesystem::create_directories(plugin.path + "/v2");
    plugin.write("v1/filter.lua", "function message(req) req:set('content', 'v1') end");
    plugin.write("v2/filter.lua", "function message(req) req:set('content', 'v2') end");
    std::filesystem::create_symlink("v1", plugin.path + "/..data");
    std::filesystem::create_symlink("..data/filter.lua", plugin.path + "/filter.lua");
    plugin.create("scripts: [filter.lua]", plugin.path);
    plugin.start();
    CHECK(reloads_to(plugin, "v1"));
    std::filesystem::create_symlink("v2", plugin.path + "/..data_tmp");
    std::filesystem::rename(plugin.path + "/..data_tmp", plugin.path + "/..data");
    CHECK(reloads_to(plugin, "v2"));
}

TEST_CASE("without reload a script is read anew on SIGUSR1 alone") {
    Lua plugin("function message(req) req:set('content', 'one') end", "reload: false");
    CHECK(reloads_to(plugin, "one"));
    plugin.write("filter.lua",
                 "function message(req) req:set('content', 'two') end\nfunction publish(req) end");
    CHECK(plugin.connect().message(Lua::text("x")).field("content") == "one");
    plugin.event(GW_EV_REOPEN);
    CHECK(plugin.connect().message(Lua::text("x")).field("content") == "two");
    CHECK(plugin.logged("warn: filter.lua: publish is called after a restart or a reload of the plugin"));
}

// --- gateway.shared ---

TEST_CASE("gateway.shared keeps values across reloads, counts, forgets, and has an end") {
    Lua plugin(R"(
        function message(req)
          local shared = gateway.shared
          shared.set("text", "kept") shared.set("flag", true) shared.set("brief", 1, 5)
          print(shared.add("n"), shared.add("n", 2.5), shared.add("text"), shared.get("nothing"), shared.get("brief"))
        end)");
    plugin.connect().message(Lua::text("x"));
    CHECK(plugin.last_log() == "info: 1\t3.5\tnil\tnil\t1");
    plugin.write("filter.lua", R"(
        function message(req)
          local shared = gateway.shared
          req:set("content", tostring(shared.get("text")) .. tostring(shared.get("flag")) .. tostring(shared.get("n"))
                  .. tostring(shared.get("brief")))
          shared.set("text", nil)
        end)");
    CHECK(plugin.wait_for([&] { return plugin.logged("filter.lua: reloaded"); }));
    CHECK(plugin.connect().message(Lua::text("x")).field("content") == "kepttrue3.51");
    plugin.advance_ms(5000);
    CHECK(plugin.connect().message(Lua::text("x")).field("content") == "niltrue3.5nil");
}

TEST_CASE("gateway.shared is bounded: entries, keys, values") {
    Lua plugin(R"(
        function message(req)
          local shared = gateway.shared
          print(shared.set("a", 1, 1), shared.set("b", 2), shared.set("c", 3), shared.add("d"), shared.set("b", 4))
          print(pcall(shared.set, ("k"):rep(257), 1))
          print(pcall(shared.set, "b", ("v"):rep(4097)))
        end)",
               "shared_entries: 2");
    Connection alice = plugin.connect();
    alice.message(Lua::text("x"));
    CHECK(plugin.log()[0] == "info: true\ttrue\tfalse\tnil\ttrue");
    CHECK(plugin.log()[1].find("a text of 1 to 256 bytes") != std::string::npos);
    CHECK(plugin.log()[2].find("a text of at most 4096 bytes") != std::string::npos);
    plugin.advance_ms(2000);  // "a" is over, so that there is room
    alice.message(Lua::text("x"));
    CHECK(plugin.log()[3] == "info: true\ttrue\tfalse\tnil\ttrue");
}

TEST_CASE("the store counts right from many threads") {
    lua::SharedStore store(10);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n)
                store.add("n", 1, 0, 0);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    lua::SharedStore::Value value;
    CHECK(store.get("n", 0, &value));
    CHECK(std::get<double>(value) == 4000);
    CHECK(store.size() == 1);
}

// --- the scripts that are shipped ---

struct Shipped : Lua {
    explicit Shipped(const std::string& name, const std::string& config) {
        create("scripts: [{file: " GATEWAYD_SOURCE_DIR "/plugins/lua/scripts/" + name +
                   ".lua, config: " + config + "}]",
               path);
        start();
    }
};

TEST_CASE("word_filter masks words, or refuses them") {
    Shipped plugin("word_filter", "{words: [darn, Zo\xC3\xAB]}");
    Connection alice = plugin.connect();
    CHECK(alice.message(Lua::text("Darn, darned Zo\xC3\xAB!")).field("content") == "****, darned ****!");
    CHECK(alice.message(Lua::text("fine")).field("content") == "fine");
    CHECK(alice.message(R"({"type":"text","to":"u2","content":7})").outcome() == "passed");
    CHECK(plugin.publish(Lua::text("darn")).field("content") == "****");
    Shipped strict("word_filter", "{words: [darn], action: refuse}");
    CHECK(strict.connect().message(Lua::text("a darn")).rejection().why == "mind your language");
}

TEST_CASE("auto_reply answers once in a while, and lets the message go on") {
    Shipped plugin("auto_reply",
                   "{replies: [{pattern: 'pass%-?word', text: see our page}], again_after: 60}");
    Connection alice = plugin.connect();
    CHECK(alice.message(R"({"type":"text","to":"u2","content":"my Password?","id":"7"})").outcome() ==
          "passed");
    REQUIRE(alice.sent().size() == 1);
    CHECK(alice.sent()[0].find("see our page") != std::string::npos);
    CHECK(alice.sent()[0].find(R"("reply_to_msg_id":"7")") != std::string::npos);
    alice.message(Lua::text("password"));
    CHECK(alice.sent().size() == 1);
    plugin.advance_ms(61000);
    alice.message(Lua::text("password"));
    CHECK(alice.sent().size() == 2);
}

TEST_CASE("office_hours answers in the name of who is not there") {
    // The harness's clock begins on Thursday, 2026-01-01T00:00:00Z.
    Shipped plugin("office_hours", "{users: [support], open: 9, close: 17, utc_offset: 60, text: closed}");
    Connection alice = plugin.connect();
    const auto ask = [&](const std::string& to) {
        return alice.message(R"({"type":"text","to":")" + to + R"(","content":"x"})");
    };
    CHECK(ask("support").outcome() == "answered");
    CHECK(ask("support").answers().at(0).find(R"("content":"closed")") != std::string::npos);
    CHECK(ask("bob").outcome() == "passed");
    plugin.advance_ms(8 * 3600 * 1000);
    CHECK(ask("support").outcome() == "passed");
    plugin.advance_ms(8 * 3600 * 1000);
    CHECK(ask("support").outcome() == "answered");
    plugin.advance_ms(40 * 3600 * 1000);  // Saturday, 9:00 there
    CHECK(ask("support").outcome() == "answered");
}

TEST_CASE("routing keeps a client with one of those who are there") {
    Shipped plugin("routing", "{names: {support: [ann, bob]}}");
    Client facts;
    Connection alice = plugin.connect(facts);
    const auto ask = [&] { return alice.message(R"({"type":"text","to":"support","content":"x"})"); };
    CHECK(ask().rejection().why == "nobody of support is here");
    facts.client_id = "c2";
    facts.user_id = "bob";
    Connection bob = plugin.connect(facts);
    CHECK(ask().destination().id == "bob");
    facts.client_id = "c3";
    facts.user_id = "ann";
    Connection ann = plugin.connect(facts);
    CHECK(ask().destination().id == "bob");
    bob.disconnect();
    CHECK(ask().destination().id == "ann");
    CHECK(alice.message(Lua::text("x")).destination().id == "u2");
}

}  // namespace
}  // namespace gatewayd
