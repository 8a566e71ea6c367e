// Files and keys: what is read, what is refused and in which words.
#include "core/config/loader.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/hub/directory.h"
#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::ConfigFolder;
using testing::contains;
using testing::error_of;
using testing::errors_of;
using testing::joined;
using testing::loaded;

TEST_CASE("the three lines of the quick start") {
    const Settings settings = loaded("wsc:\n  enabled: true\n  node_ip: \"127.0.0.1\"\n  node_port: 9000\n");
    CHECK(settings.wsc.enabled);
    CHECK(settings.wsc.node_ip == "127.0.0.1");
    CHECK(settings.wsc.node_port == 9000);
    CHECK(settings.wsc.path == "/ws");
    CHECK(settings.wsc.client_timeout_s == 90);
    CHECK(settings.admin.listen == "127.0.0.1:8082");
    CHECK(settings.plugins.load.empty());
}

TEST_CASE("empty files and empty sections are the defaults") {
    for (const std::string& yaml :
         std::vector<std::string>{"", "\n\n", "# only a comment\n", "---\n", "{}\n", "wsc:\n",
                                  "wsc:\n  group:\nplugins:\n  load:\n"}) {
        CAPTURE(yaml);
        const Settings settings = loaded(yaml);
        CHECK(settings.wsc.node_port == 8081);
        CHECK(settings.wsc.security.allowed_user_types.size() == 3);
        CHECK(settings.plugins.load.empty());
    }
}

TEST_CASE("every kind of value arrives in its member") {
    const Settings settings = loaded(R"(
wsc:
  websocket_origins: ["https://a.example", "https://*.b.example:8443", "*"]
  heartbeat_interval: 5
  client_timeout: 6
  performance:
    io_threads: 3
    slow_client: drop_oldest
    max_queue_size: 2048
    enable_metrics: false
  security:
    max_message_size: 64
    allowed_user_types: [customer, robot]
    broadcast_user_types: [robot]
    trust_client_identity: true
  ticket: { ticket_timeout: 60, auto_assign: false }
admin: { listen: "[::1]:0", api_keys: [0123456789abcdef] }
log: { level: debug, format: json }
)");
    CHECK(settings.wsc.websocket_origins ==
          std::vector<std::string>{"https://a.example", "https://*.b.example:8443", "*"});
    CHECK(settings.wsc.heartbeat_interval_s == 5);
    CHECK(settings.wsc.performance.io_threads == 3);
    CHECK(settings.wsc.performance.slow_client == SlowClientPolicy::drop_oldest);
    CHECK(settings.wsc.performance.max_queue_size_kb == 2048);
    CHECK_FALSE(settings.wsc.performance.enable_metrics);
    CHECK(settings.wsc.security.max_message_size_kb == 64);
    CHECK(settings.wsc.security.allowed_user_types == std::vector<std::string>{"customer", "robot"});
    CHECK(settings.wsc.security.broadcast_user_types == std::vector<std::string>{"robot"});
    CHECK(settings.wsc.security.trust_client_identity);
    CHECK(settings.wsc.ticket.ticket_timeout_s == 60);
    CHECK_FALSE(settings.wsc.ticket.auto_assign);
    CHECK(settings.admin.listen == "[::1]:0");
    CHECK(settings.admin.api_keys == std::vector<std::string>{"0123456789abcdef"});
    CHECK(settings.log.level == LogLevel::debug);
    CHECK(settings.log.format == LogFormat::json);
}

TEST_CASE("io_threads: auto is one for each core") {
    CHECK(loaded("wsc: { performance: { io_threads: auto } }").wsc.performance.io_threads == 0);
    CHECK(error_of("wsc: { performance: { io_threads: 0 } }") ==
          "gateway.yaml:1:35: wsc.performance.io_threads: expected auto or a whole number of threads from 1 "
          "to 64, "
          "not \"0\"");
    // More would be more than the directory's sets of reactors hold, and were made 64 without a word.
    CHECK(loaded("wsc: { performance: { io_threads: 64 } }").wsc.performance.io_threads == max_reactors);
    CHECK(contains(error_of("wsc: { performance: { io_threads: 65 } }"), "from 1 to 64"));
}

TEST_CASE("admin.listen can be switched off") {
    CHECK(loaded("admin: { listen: false }").admin.listen.empty());
    CHECK(loaded("admin: { listen: \"\" }").admin.listen.empty());
}

TEST_CASE("an unknown key: its line and the nearest valid one") {
    CHECK(error_of("wsc:\n  node_prt: 8081\n") ==
          "gateway.yaml:2:3: wsc.node_prt: unknown key; did you mean node_port?");
    CHECK(error_of("wsc:\n  Node-Port: 8081\n") ==
          "gateway.yaml:2:3: wsc.Node-Port: unknown key; did you mean node_port?");
    CHECK(error_of("wsc: { port: 1 }") == "gateway.yaml:1:8: wsc.port: unknown key; did you mean node_port?");
    CHECK(error_of("wcs: { enabled: true }") == "gateway.yaml:1:1: wcs: unknown key; did you mean wsc?");
    CHECK(error_of("log: { colour: blue }") ==
          "gateway.yaml:1:8: log.colour: unknown key; the keys here are level, format, "
          "max_connection_lines");
}

TEST_CASE("a key in the wrong section: the right one is named") {
    CHECK(error_of("wsc:\n  io_threads: 2\n") ==
          "gateway.yaml:2:3: wsc.io_threads: unknown key; did you mean wsc.performance.io_threads?");
    CHECK(error_of("node_port: 1\n") ==
          "gateway.yaml:1:1: node_port: unknown key; did you mean wsc.node_port?");
    // Several sections have one: none of them is a guess.
    CHECK(contains(error_of("log: { enabled: true }"), "the keys here are"));
}

TEST_CASE("wrong types and ranges") {
    const std::pair<const char*, const char*> cases[] = {
        {"wsc: { enabled: yes }", "gateway.yaml:1:17: wsc.enabled: expected true or false, not \"yes\""},
        {"wsc: { enabled: \"true\" }",
         "gateway.yaml:1:17: wsc.enabled: expected true or false, not the text \"true\""},
        {"wsc: { enabled: }", "gateway.yaml:1:8: wsc.enabled: expected true or false, not nothing"},
        {"wsc: { node_port: http }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not \"http\""},
        {"wsc: { node_port: \"8081\" }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not the text \"8081\""},
        {"wsc: { node_port: 65536 }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not \"65536\""},
        {"wsc: { node_port: -1 }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not \"-1\""},
        {"wsc: { node_port: 99999999999999999999 }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not "
         "\"99999999999999999999\""},
        {"wsc: { node_port: 08081 }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not \"08081\""},
        {"wsc: { node_port: 80.5 }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not \"80.5\""},
        {"wsc: { node_port: [1] }",
         "gateway.yaml:1:19: wsc.node_port: expected a whole number from 0 to 65535, not a list"},
        {"wsc: { heartbeat_interval: 30s }",
         "gateway.yaml:1:28: wsc.heartbeat_interval: expected a whole number of seconds from 1 to 86400, not "
         "\"30s\""},
        {"wsc: { path: { a: 1 } }", "gateway.yaml:1:14: wsc.path: expected text, not keys and values"},
        {"wsc: { websocket_origins: https://a.example }",
         "gateway.yaml:1:27: wsc.websocket_origins: expected a list such as [a, b], not "
         "\"https://a.example\""},
        {"wsc: { websocket_origins: [[a]] }",
         "gateway.yaml:1:28: wsc.websocket_origins[0]: expected text, not a list"},
        {"wsc: 5", "gateway.yaml:1:6: wsc: expected keys and values, not \"5\""},
        {"wsc: { performance: { slow_client: disconect } }",
         "gateway.yaml:1:36: wsc.performance.slow_client: expected disconnect, drop_oldest or drop_newest, "
         "not "
         "\"disconect\"; did you mean disconnect?"},
        {"log: { level: warning }",
         "gateway.yaml:1:15: log.level: expected debug, info, warn or error, not \"warning\"; did you mean "
         "warn?"},
        {"log: { level: }", "gateway.yaml:1:8: log.level: expected debug, info, warn or error, not nothing"},
    };
    for (const auto& [yaml, error] : cases) {
        CAPTURE(yaml);
        CHECK(error_of(yaml) == error);
    }
}

TEST_CASE("all mistakes come in one pass, in the order of the file") {
    const std::vector<std::string> errors = errors_of(R"(wsc:
  node_prt: 1
  node_ip: example
  heartbeat_interval: 90
  heartbeat_interval: 91
  path: ${MISSING}
  performance: { io_threads: many }
plugins:
  load: [{ name: Bad Name }]
admin: { listen: 0.0.0.0:8082 }
)");
    REQUIRE_MESSAGE(errors.size() == 8, joined(errors));
    CHECK(
        contains(errors[0],
                 "gateway.yaml:5:3: wsc.heartbeat_interval: given twice; the first is at gateway.yaml:4:3"));
    CHECK(contains(errors[1], "gateway.yaml:6:9: wsc.path: the environment variable MISSING is not set"));
    CHECK(contains(errors[2], "gateway.yaml:2:3: wsc.node_prt: unknown key"));
    CHECK(contains(errors[3], "gateway.yaml:3:12: wsc.node_ip: expected an IP address"));
    CHECK(contains(errors[4], "gateway.yaml:7:30: wsc.performance.io_threads: expected auto"));
    CHECK(contains(errors[5], "gateway.yaml:9:18: plugins.load[0].name: expected a plugin's name"));
    CHECK(contains(errors[6], "gateway.yaml:4:23: wsc.client_timeout: is 90 s; it must be larger"));
    CHECK(contains(errors[7], "gateway.yaml:10:18: admin.listen: 0.0.0.0 can be reached from elsewhere"));
}

TEST_CASE("errors without end are counted") {
    std::string yaml;
    for (int i = 0; i < 150; ++i)
        yaml += "unknown_" + std::to_string(i) + ": 1\n";
    const std::vector<std::string> errors = errors_of(yaml);
    REQUIRE(errors.size() == 101);
    CHECK(errors.back() == "and 50 more errors");
}

TEST_CASE("a key with control characters stays one line of the log") {
    CHECK(error_of("\"a\\nb\\e[31m\": 1\n") ==
          "gateway.yaml:1:1: a?b?[31m: unknown key; the keys here are wsc, plugins, admin, log");
}

TEST_CASE("files that cannot be read") {
    const ConfigFolder folder;
    CHECK(folder.load_file("missing.yaml").errors == std::vector<std::string>{"missing.yaml: no such file"});
    std::filesystem::create_directory(folder.file("folder.yaml"));
    CHECK(folder.load_file("folder.yaml").errors ==
          std::vector<std::string>{"folder.yaml: is a folder, not a file"});
    REQUIRE(mkfifo(folder.file("pipe.yaml").c_str(), 0600) == 0);
    CHECK(folder.load_file("pipe.yaml").errors ==
          std::vector<std::string>{"pipe.yaml: is not a regular file"});
    std::filesystem::create_symlink("loop.yaml", folder.file("loop.yaml"));
    CHECK(joined(folder.load_file("loop.yaml").errors) ==
          "loop.yaml: cannot be opened: Too many levels of symbolic links\n");
    CHECK(load_settings({}).errors == std::vector<std::string>{"no configuration file is named"});
}

TEST_CASE("a file that this user may not read") {
    const ConfigFolder folder;
    std::ofstream(folder.file("secret.yaml")) << "wsc:\n";
    REQUIRE(chmod(folder.file("secret.yaml").c_str(), 0) == 0);
    const LoadResult result = folder.load_file("secret.yaml");
    // Root may read everything.
    if (geteuid() == 0) {
        CHECK(result.ok());
    } else {
        CHECK(result.errors == std::vector<std::string>{"secret.yaml: cannot be opened: Permission denied"});
    }
}

TEST_CASE("relative paths start at the file's folder, wherever it is called from") {
    const ConfigFolder folder;
    const LoadResult result = folder.load(R"(
plugins:
  path: [plugins, /abs/./plugins, ../up]
  load: [{ name: acme, path: acme/filter.so, config: { file: log/audit.jsonl } }]
)");
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    const PluginsSettings& plugins = result.settings->plugins;
    const std::string up = std::filesystem::path(folder.path()).parent_path().string() + "/up";
    CHECK(plugins.path == std::vector<std::string>{folder.path() + "/plugins", "/abs/plugins", up});
    CHECK(plugins.load.at(0).path == folder.path() + "/acme/filter.so");
    CHECK(plugins.load.at(0).config->get("file")->as_path() == folder.path() + "/log/audit.jsonl");
}

TEST_CASE("a relative file name: paths are absolute all the same") {
    LoadOptions options;
    options.file =
        std::filesystem::relative(std::string(GATEWAYD_SOURCE_DIR) + "/config/gateway.yaml").string();
    options.sets = {"plugins.path=[x]"};
    const LoadResult result = load_settings(options);
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    CHECK(std::filesystem::path(result.settings->plugins.path.at(0)).is_absolute());
}

TEST_CASE("the process's environment is the default") {
    const ConfigFolder folder;
    std::ofstream(folder.file("gateway.yaml")) << "wsc:\n  node_port: ${GATEWAYD_UNIT_PORT}\n";
    LoadOptions options;
    options.file = folder.file("gateway.yaml");
    CHECK_FALSE(load_settings(options).ok());
    setenv("GATEWAYD_UNIT_PORT", "9001", 1);
    const LoadResult result = load_settings(options);
    unsetenv("GATEWAYD_UNIT_PORT");
    REQUIRE(result.ok());
    CHECK(result.settings->wsc.node_port == 9001);
}

}  // namespace
}  // namespace gatewayd
