#include "gatewayd/command_line.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

using namespace gatewayd;
using Command = CommandLine::Command;

namespace {

CommandLine parse(std::initializer_list<const char*> arguments) {
    std::vector<const char*> argv{"gatewayd"};
    argv.insert(argv.end(), arguments);
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

TEST_CASE("--config runs the gateway, with overrides in their order") {
    const CommandLine line = parse({"--config", "g.yaml", "--set", "wsc.node_port=9000", "--set", "a.b=c=d"});
    CHECK(line.command == Command::run);
    CHECK(line.config_file == "g.yaml");
    CHECK(line.sets == std::vector<std::string>{"wsc.node_port=9000", "a.b=c=d"});
}

TEST_CASE("check takes the same options before and behind it") {
    for (const auto& line : {parse({"check", "--config", "g.yaml", "--set", "a=b"}),
                             parse({"--config", "g.yaml", "--set", "a=b", "check"})}) {
        CHECK(line.command == Command::check);
        CHECK(line.config_file == "g.yaml");
        CHECK(line.sets == std::vector<std::string>{"a=b"});
    }
}

TEST_CASE("safe mode is a way to run, and of no command") {
    CHECK_FALSE(parse({"--config", "g.yaml"}).safe_mode);
    const CommandLine safe = parse({"--safe-mode", "--config", "g.yaml"});
    CHECK(safe.command == Command::run);
    CHECK(safe.safe_mode);
    for (const auto& line :
         {parse({"check", "--safe-mode", "--config", "g.yaml"}), parse({"--safe-mode", "schema"}),
          parse({"--safe-mode", "plugin", "list"}), parse({"--safe-mode"})}) {
        CHECK(line.command == Command::say);
        CHECK(line.exit_status == exit_refused);
    }
}

TEST_CASE("plugin forgive takes a name and needs a configuration") {
    const CommandLine line = parse({"plugin", "forgive", "acme", "--config", "g.yaml"});
    CHECK(line.command == Command::forgive_plugin);
    CHECK(line.plugin_name == "acme");
    CHECK(line.config_file == "g.yaml");
    CHECK(parse({"plugin", "forgive", "acme"}).exit_status == exit_refused);
    CHECK(parse({"plugin", "forgive"}).exit_status == exit_refused);
}

TEST_CASE("plugin inspect takes a file") {
    const CommandLine line = parse({"plugin", "inspect", "x.so"});
    CHECK(line.command == Command::inspect_plugin);
    CHECK(line.plugin_file == "x.so");
}

TEST_CASE("the other commands of plugin take a file, a configuration, a name") {
    const CommandLine check = parse({"plugin", "check", "x.so", "--config", "g.yaml", "--time-limit", "5"});
    CHECK(check.command == Command::check_plugin);
    CHECK(check.plugin_file == "x.so");
    CHECK(check.config_file == "g.yaml");
    CHECK(check.time_limit_s == 5);
    CHECK_FALSE(check.plugin_no_start);
    CHECK(parse({"plugin", "check", "--no-start", "x.so"}).plugin_no_start);
    CHECK(parse({"plugin", "check", "x.so", "--time-limit", "0"}).exit_status == exit_refused);
    CHECK(parse({"plugin", "bench", "x.so"}).command == Command::bench_plugin);
    CHECK(parse({"plugin", "list"}).command == Command::list_plugins);
    const CommandLine made = parse({"plugin", "new", "acme", "--language", "c"});
    CHECK(made.command == Command::new_plugin);
    CHECK(made.plugin_name == "acme");
    CHECK(made.plugin_in_c);
    CHECK_FALSE(parse({"plugin", "new", "acme"}).plugin_in_c);
    for (const auto& line : {parse({"plugin"}), parse({"plugin", "check"}), parse({"plugin", "new"}),
                             parse({"plugin", "new", "acme", "--language", "cobol"})}) {
        CHECK(line.command == Command::say);
        CHECK(line.exit_status == exit_refused);
    }
}

TEST_CASE("schema needs no configuration") {
    CHECK(parse({"schema"}).command == Command::schema);
    CHECK(parse({"schema", "stray"}).exit_status == exit_refused);
}

TEST_CASE("--help and --version are said and end well") {
    const CommandLine help = parse({"--help"});
    CHECK(help.command == Command::say);
    CHECK(help.exit_status == exit_clean);
    for (const char* word : {"--config", "--set", "check", "plugin", "SIGUSR1", "Exit status"}) {
        CAPTURE(word);
        CHECK(help.text.find(word) != std::string::npos);
    }
    const CommandLine version = parse({"--version"});
    CHECK(version.exit_status == exit_clean);
    CHECK(version.text == std::string("gatewayd ") + GATEWAYD_VERSION + "\n");
}

TEST_CASE("what is not understood is refused with status 2 and a hint") {
    for (const auto& line : {parse({}), parse({"check"}), parse({"--confg", "g.yaml"}), parse({"--config"}),
                             parse({"--config", "g.yaml", "stray"}), parse({"plugin"}),
                             parse({"plugin", "inspect"}), parse({"plugin", "look", "x.so"})}) {
        CAPTURE(line.text);
        CHECK(line.command == Command::say);
        CHECK(line.exit_status == exit_refused);
        CHECK(line.text.find("gatewayd: ") == 0);
        CHECK(line.text.find("--help") != std::string::npos);
    }
}
