// What the harness finds in a plugin that breaks a rule of the ABI.
#include <doctest/doctest.h>

#include <algorithm>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Plugin;
using gateway::harness::Request;

using Problems = std::vector<std::string>;

// The fixture sets a slot and has no detach: a problem of its own at every connect.
const std::string no_detach = "attach set a slot, but there is no detach to free it";

struct Breaks : Plugin {
    Breaks() : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/breaks_rules.so") {
        create();
        start();
        alice = std::make_unique<Connection>(connect());
        CHECK(problems() == Problems{no_detach});
    }
    Request breaks(const std::string& rule) {
        return alice->message(R"({"type":"text","content":")" + rule + "\"}");
    }
    // The problems of one message that breaks this rule.
    Problems after(const std::string& rule) {
        const size_t before = problems().size();
        breaks(rule);
        Problems all = problems();
        return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
    }
    std::unique_ptr<Connection> alice;
};

TEST_CASE("what a hook may do once is a problem the second time") {
    Breaks plugin;
    CHECK(plugin.after("next twice") ==
          Problems{"next() after next() in one intercept: one of either, once"});
    CHECK(plugin.after("another verdict than next") ==
          Problems{"intercept returned GW_CONTINUE, but next() returned GW_DONE, which it must return"});
}

TEST_CASE("a verdict must say what was done") {
    Breaks plugin;
    CHECK(plugin.after("no verdict") == Problems{"intercept returned a value that is no verdict (77)"});
    CHECK(plugin.after("pending alone") ==
          Problems{"intercept returned GW_PENDING without defer() or next()"});
    CHECK(plugin.after("answer and go on") ==
          Problems{"intercept returned GW_CONTINUE after answer(): GW_DONE says that the request ends here"});
    CHECK(plugin.after("throw") == Problems{"an exception left intercept: over the border"});
    CHECK(plugin.breaks("throw").outcome() == "failed");
    CHECK_FALSE(plugin.problems().empty());
}

TEST_CASE("what a hook got dies with it") {
    Breaks plugin;
    CHECK(plugin.after("keep").empty());
    CHECK(plugin.after("use kept view") ==
          Problems{"set_field() got a text that died with the hook that took it"});
    CHECK(plugin.after("use kept request") ==
          Problems{"set_field() got a gw_req of a hook that has returned (intercept)"});
    CHECK(plugin.after("use kept context") ==
          Problems{"send() got a gw_ctx of a hook that has returned (intercept)"});
    CHECK(plugin.alice->sent().empty());
    CHECK(plugin.after("read the configuration late") ==
          Problems{"node_size() was called after create returned"});
}

#if !defined(__SANITIZE_ADDRESS__)  // which would end the test here, as it should
TEST_CASE("the bytes of a view that was kept are garbage in the next hook") {
    Breaks plugin;
    plugin.breaks("keep");
    plugin.breaks("read kept view");
    CHECK(plugin.alice->attribute("kept") == "dead");
}
#endif

TEST_CASE("the host's bytes are not the plugin's to write, its handles not for other threads") {
    Breaks plugin;
    CHECK(plugin.after("write into a view") == Problems{"intercept wrote into a text of the host"});
    CHECK(plugin.after("wrong thread") ==
          Problems{"field() was called on another thread than its hook (intercept)"});
    CHECK(plugin.after("garbage handle") == Problems{"payload() got a gw_req that the host never gave out"});
}

TEST_CASE("a plugin that keeps a text from one message to the next is told so, and sends nothing of it") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/keeps_a_view.so");
    plugin.create("");
    plugin.start();
    Connection alice = plugin.connect();
    CHECK(alice.message(R"({"type":"text","content":"first"})").outcome() == "passed");
    CHECK(plugin.problems().empty());
    Request second = alice.message(R"({"type":"text","content":"second"})");
    CHECK(plugin.problems() == Problems{"set_field() got a text that died with the hook that took it"});
    CHECK(second.field("before").empty());
    plugin.end();
}

TEST_CASE("a plugin that keeps the rules has no problems") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/good.so");
    plugin.create();
    plugin.start();
    plugin.connect().message(R"({"type":"text"})");
    plugin.end();
    CHECK(plugin.problems().empty());
}

}  // namespace
}  // namespace gatewayd
