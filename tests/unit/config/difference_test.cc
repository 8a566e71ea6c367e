#include "core/config/difference.h"

#include <doctest/doctest.h>

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::ConfigFolder;
using Keys = std::vector<std::string>;

struct Pair {
    ConfigFolder folder;
    Settings load(const std::string& yaml) {
        LoadResult result = folder.load(yaml);
        REQUIRE_MESSAGE(result.ok(), testing::joined(result.errors));
        return *result.settings;
    }
};

TEST_CASE("the same plugin is the same wherever its entry stands") {
    Pair pair;
    const Settings a =
        pair.load("plugins:\n  load:\n    - { name: audit, config: { file: a, list: [1, 2] } }\n");
    const Settings b = pair.load(
        "log: { level: warn }\nplugins:\n  load:\n    - name: audit\n      config:\n        file: a\n        "
        "list: [1, 2]\n");
    CHECK(is_same(a.plugins.load[0], b.plugins.load[0]));
}

TEST_CASE("every part of an entry makes another plugin of it") {
    Pair pair;
    const auto entry = [&](const std::string& text) {
        return pair.load("plugins:\n  load:\n    - " + text + "\n").plugins.load[0];
    };
    const PluginSettings base = entry("{ name: p, path: a.so, config: { k: 1, l: [a] } }");
    for (const char* other :
         {"{ name: q, path: a.so, config: { k: 1, l: [a] } }",
          "{ name: p, path: b.so, config: { k: 1, l: [a] } }",
          "{ name: p, path: a.so, on_error: open, config: { k: 1, l: [a] } }",
          "{ name: p, path: a.so, allow_unsafe: true, config: { k: 1, l: [a] } }",
          "{ name: p, path: a.so, config: { k: 2, l: [a] } }",
          "{ name: p, path: a.so, config: { k: \"1\", l: [a] } }",
          "{ name: p, path: a.so, config: { k: 1, l: [b] } }",
          "{ name: p, path: a.so, config: { k: 1, l: [a, a] } }", "{ name: p, path: a.so, config: { k: 1 } }",
          "{ name: p, path: a.so, config: { k: 1, l: [a], m: 1 } }"}) {
        CAPTURE(other);
        CHECK_FALSE(is_same(base, entry(other)));
    }
}

TEST_CASE("what belongs to plugins is taken while running, the rest is named") {
    Pair pair;
    Settings running = pair.load("wsc: { heartbeat_interval: 30 }\nplugins: { load: [{ name: a }] }\n");
    const Settings next = pair.load(
        "wsc: { heartbeat_interval: 31, websocket_origins: ['https://a.example'], group: { max_group_size: 7 "
        "},\n"
        "       performance: { slow_client: drop_oldest } }\n"
        "plugins: { drain_timeout: 5, load: [{ name: b }] }\nlog: { level: warn }\n");
    CHECK(take_running(next, &running) ==
          Keys{"wsc.heartbeat_interval", "wsc.performance.slow_client", "log.level"});
    CHECK(running.wsc.heartbeat_interval_s == 30);
    CHECK(running.wsc.group.max_group_size == 7);
    CHECK(running.plugins.drain_timeout_s == 5);
    CHECK(running.plugins.load.size() == next.plugins.load.size());
    CHECK(running.wsc.websocket_origins == next.wsc.websocket_origins);
    // What needs a restart is said again, until it came.
    CHECK(take_running(next, &running) ==
          Keys{"wsc.heartbeat_interval", "wsc.performance.slow_client", "log.level"});
    Settings same = next;
    CHECK(take_running(next, &same).empty());
}

TEST_CASE("another certificate by name needs a restart") {
    Pair pair;
    Settings running = pair.load("log: { level: info }\n");
    Settings next = running;
    next.wsc.tls.sni.push_back({{"a.example"}, "/a.pem", "/a.key", "", ""});
    CHECK(take_running(next, &running) == Keys{"wsc.tls.sni"});
}

}  // namespace
}  // namespace gatewayd
