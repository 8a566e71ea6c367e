// --set on top of the file.
#include "core/config/overrides.h"

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::contains;
using testing::error_of;
using testing::loaded;

TEST_CASE("a value replaces the file's, makes its sections, and the last one wins") {
    CHECK(loaded("wsc: { node_port: 1, path: /a }", {"wsc.node_port=9000"}).wsc.node_port == 9000);
    CHECK(loaded("wsc: { node_port: 1, path: /a }", {"wsc.node_port=9000"}).wsc.path == "/a");
    CHECK(loaded("", {"wsc.performance.io_threads=2"}).wsc.performance.io_threads == 2);
    CHECK(loaded("wsc:\n", {"wsc.node_port=1", "wsc.node_port=2"}).wsc.node_port == 2);
    CHECK(loaded("", {"wsc.path=/a=b"}).wsc.path == "/a=b");
}

TEST_CASE("values are YAML") {
    CHECK(loaded("", {"wsc.websocket_origins=[\"*\"]"}).wsc.websocket_origins ==
          std::vector<std::string>{"*"});
    CHECK(loaded("", {"plugins.load=[{ name: audit, config: { file: x } }]"}).plugins.load.at(0).name ==
          "audit");
    CHECK(loaded("wsc: { node_port: 1 }", {"wsc={ path: /b }"}).wsc.node_port == 8081);
    CHECK(loaded("admin: { listen: 127.0.0.1:1 }", {"admin.listen=false"}).admin.listen.empty());
}

TEST_CASE("paths in overrides are relative to the file's folder too") {
    const testing::ConfigFolder folder;
    const LoadResult result = folder.load("", {"plugins.path=[x]"});
    REQUIRE(result.ok());
    CHECK(result.settings->plugins.path.at(0) == folder.path() + "/x");
}

TEST_CASE("mistakes name the override") {
    CHECK(error_of("", {"wsc.node_prt=1"}) == "--set wsc.node_prt: unknown key; did you mean node_port?");
    CHECK(error_of("", {"wsc.node_port=x"}) ==
          "--set wsc.node_port: expected a whole number from 0 to 65535, not \"x\"");
    CHECK(error_of("", {"wsc.node_port="}) ==
          "--set wsc.node_port: expected a whole number from 0 to 65535, not nothing");
    CHECK(error_of("", {"wsc={ node_prt: 1 }"}) ==
          "--set wsc: wsc.node_prt: unknown key; did you mean node_port?");
    CHECK(contains(error_of("", {"wsc.path=[a"}),
                   "--set wsc.path: a list or a map cannot be a key; is a bracket"));
    CHECK(contains(testing::errors_of("", {"wsc.path={a: 1, a: 2}"}).at(0),
                   "--set wsc.path: wsc.path.a: given twice"));
    CHECK(
        contains(error_of("", {"wsc.path=\"/a"}), "--set wsc.path: not YAML: a quote that is never closed"));
    CHECK(contains(error_of("", {"wsc.path=${NOT_SET}"}),
                   "--set wsc.path: the environment variable NOT_SET is not set"));
    CHECK(contains(error_of("", {"wsc.client_timeout=10"}),
                   "--set wsc.client_timeout: is 10 s; it must be larger than"));
    CHECK(contains(error_of("", {"plugins.load=[{ name: a, pth: x }]"}),
                   "--set plugins.load: plugins.load[0].pth: unknown key; did you mean path?"));
}

TEST_CASE("overrides that are none") {
    for (const std::string& set :
         std::vector<std::string>{"", "wsc", "=1", ".=1", "wsc..path=/a", "wsc.=1", ".wsc=1"}) {
        CAPTURE(set);
        CHECK(contains(error_of("", {set}), "expected KEY=VALUE, such as wsc.node_port=9000"));
    }
    std::string deep = "a";
    for (int i = 0; i < 5000; ++i)
        deep += ".a";
    CHECK(contains(error_of("", {deep + "=1"}), "too many dots"));
}

TEST_CASE("an override below a value that is no map") {
    CHECK(error_of("wsc:\n  node_port: 5\n", {"wsc.node_port.x=1"}) ==
          "--set wsc.node_port.x: cannot be set: what is above it, at gateway.yaml:2:14, is no map");
    CHECK(contains(error_of("plugins: { load: [{ name: a }] }", {"plugins.load.0.name=b"}), "is no map"));
}

TEST_CASE("--set helps out a file with a mistake in that value") {
    CHECK(loaded("wsc: { node_port: nonsense }", {"wsc.node_port=7"}).wsc.node_port == 7);
}

}  // namespace
}  // namespace gatewayd
