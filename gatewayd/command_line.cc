// The only file that sees CLI11.
#include "gatewayd/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace gatewayd {
namespace {

constexpr const char* footer =
    "\nSignals: SIGTERM and SIGINT end the gateway (a second one at once), SIGUSR1 reopens plugins' files.\n"
    "Exit status: 0 clean end, 1 failed while running, 2 refused to start.";

CommandLine say(int exit_status, std::string text) {
    CommandLine line;
    line.text = std::move(text);
    line.exit_status = exit_status;
    return line;
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    CommandLine line;
    CLI::App app("gatewayd, a WebSocket gateway. Without a command it runs the gateway of a configuration.",
                 "gatewayd");
    app.set_help_flag("-h,--help", "Print this and exit");
    app.set_version_flag("--version", std::string("gatewayd ") + GATEWAYD_VERSION,
                         "Print the version and exit");
    app.footer(footer);
    app.add_option("-c,--config", line.config_file, "The YAML file")->type_name("FILE");
    app.add_option("--set", line.sets,
                   "Override a key of the file: --set wsc.node_port=9000; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);

    CLI::App* check = app.add_subcommand(
        "check", "Load the configuration and every plugin, print what is in force, start nothing");
    check->fallthrough();  // `gatewayd check --config F` is how people type it
    CLI::App* schema =
        app.add_subcommand("schema", "Print the JSON Schema of the configuration, for editors");
    CLI::App* plugin = app.add_subcommand("plugin", "Look at plugin files");
    plugin->require_subcommand(1);
    CLI::App* inspect = plugin->add_subcommand(
        "inspect", "Say what a plugin file is and whether it would load; runs none of its code");
    inspect->add_option("file", line.plugin_file, "The plugin's .so")->required()->type_name("FILE");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        const bool clean = app.exit(error, out, err) == 0;
        return clean ? say(exit_clean, out.str())
                     : say(exit_refused, "gatewayd: " + err.str() + "gatewayd --help lists the options\n");
    }
    if (*schema) {
        line.command = CommandLine::Command::schema;
        return line;
    }
    if (*inspect) {
        line.command = CommandLine::Command::inspect_plugin;
        return line;
    }
    if (line.config_file.empty()) {
        return say(exit_refused,
                   "gatewayd: which configuration? Start with: gatewayd --config gateway.yaml\n"
                   "gatewayd --help lists the options\n");
    }
    line.command = *check ? CommandLine::Command::check : CommandLine::Command::run;
    return line;
}

}  // namespace gatewayd
