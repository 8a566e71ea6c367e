// The only file that sees CLI11.
#include "gatewayd/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace gatewayd {
namespace {

constexpr const char* footer =
    "\nSignals: SIGTERM and SIGINT end the gateway (a second one at once), SIGHUP reads configuration, "
    "plugins and\n"
    "certificates again, SIGUSR1 reopens plugins' files.\n"
    "Exit status: 0 clean end, 1 failed while running, 2 refused to start.";

constexpr const char* plugin_footer =
    "\nExit status: 0 all is well, 1 the plugin fails or would not load, 2 the command line or the "
    "configuration\n"
    "is not understood.";

// `gatewayd plugin ...`
struct PluginCommands {
    CLI::App* plugin;
    CLI::App* inspect;
    CLI::App* check;
    CLI::App* bench;
    CLI::App* list;
    CLI::App* forgive;
    CLI::App* create;
    CLI::App* reload;
    std::string language = "c++";

    explicit PluginCommands(CLI::App* app, CommandLine* line)
        : plugin(app->add_subcommand("plugin", "Make a plugin, look at plugin files, try and measure them")),
          inspect(plugin->add_subcommand(
              "inspect", "Say what a plugin file is and whether it would load; runs none of its code")),
          check(plugin->add_subcommand(
              "check",
              "Try a plugin in a process of its own: load, create, start, one request of each kind")),
          bench(plugin->add_subcommand(
              "bench", "Measure what one call of a plugin costs, for each kind of request that it wants")),
          list(plugin->add_subcommand(
              "list", "List the plugins of a configuration and of the folders, and what would refuse them")),
          forgive(plugin->add_subcommand(
              "forgive", "Forget the crashes of a configured plugin, so that the next start loads it again")),
          create(plugin->add_subcommand(
              "new", "Write a folder with a plugin that builds, tests and loads, to begin from")),
          reload(plugin->add_subcommand(
              "reload",
              "Ask the gateway that runs for a new generation of a plugin, from its file as it is now")) {
        plugin->require_subcommand(1);
        for (CLI::App* command : {plugin, inspect, check, bench, list, forgive, create, reload}) {
            command->fallthrough();  // `... --config F` behind everything, as people type it
            command->footer(plugin_footer);
        }
        for (CLI::App* command : {inspect, check, bench})
            command->add_option("file", line->plugin_file, "The plugin's .so")->required()->type_name("FILE");
        check->add_flag("--no-start", line->plugin_no_start,
                        "Stop after create: open no files, start no threads");
        check
            ->add_option("--time-limit", line->time_limit_s,
                         "Seconds until it counts as hanging (default: 30)")
            ->type_name("S")
            ->check(CLI::Range(1, 3600));
        for (CLI::App* command : {check, bench})
            command->footer(
                std::string("\n--config FILE: the gateway's YAML with an entry of plugins.load for this "
                            "file or its name; without it the\nplugin gets no configuration.\n") +
                plugin_footer);
        forgive->add_option("name", line->plugin_name, "Its name in plugins.load")
            ->required()
            ->type_name("NAME");
        reload->add_option("name", line->plugin_name, "Its name in plugins.load")
            ->required()
            ->type_name("NAME")
            ->check(CLI::Validator(
                [](std::string& name) {
                    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") ==
                                       std::string::npos;
                    return plain ? std::string() : "a plugin's name has a-z, 0-9, '.', '_' and '-'";
                },
                ""));
        reload
            ->add_option("--time-limit", line->time_limit_s,
                         "Seconds until the answer is given up (default: 30)")
            ->type_name("S")
            ->check(CLI::Range(1, 3600));
        create->add_option("name", line->plugin_name, "a-z, 0-9, '-', '_'; the folder's name, too")
            ->required()
            ->type_name("NAME");
        create->add_option("--language", language, "c or c++ (default)")
            ->type_name("LANGUAGE")
            ->check(CLI::IsMember({"c", "c++"}));
    }

    // say: none of them.
    CommandLine::Command chosen() const {
        using Command = CommandLine::Command;
        return *inspect   ? Command::inspect_plugin
               : *check   ? Command::check_plugin
               : *bench   ? Command::bench_plugin
               : *list    ? Command::list_plugins
               : *forgive ? Command::forgive_plugin
               : *create  ? Command::new_plugin
               : *reload  ? Command::reload_plugin
                          : Command::say;
    }
};

constexpr const char* token_footer =
    "\nSigned with --secret (HS256), with --key (RS256, ES256 or EdDSA, as the key is), or with the first "
    "key of "
    "the\nconfiguration that can. Other users of the machine see a command line: prefer --config, or "
    "GATEWAYD_TOKEN_SECRET.";

// `gatewayd token`
CLI::App* add_token(CLI::App* app, TokenOptions* token) {
    CLI::App* command =
        app->add_subcommand("token", "Print a JSON Web Token to try a gateway with that asks for one");
    command->fallthrough();
    command->footer(token_footer);
    const auto text = [&](const char* name, std::string* place, const char* meaning) {
        return command->add_option(name, *place, meaning)->type_name("TEXT");
    };
    const auto texts = [&](const char* name, std::vector<std::string>* place, const char* meaning) {
        command->add_option(name, *place, meaning)->type_name("TEXT")->allow_extra_args(false);
    };
    text("--user", &token->user_id, "The user_id")->required();
    text("--type", &token->user_type, "The user_type");
    text("--client-id", &token->client_id, "The client_id");
    text("--name", &token->name, "The user's name");
    texts("--group", &token->groups, "A group; may be repeated");
    texts("--ticket", &token->tickets, "A ticket; may be repeated");
    texts("--claim", &token->claims, "NAME=VALUE, a JSON value or text; may be repeated");
    text("--issuer", &token->issuer, "iss; else the configuration's");
    texts("--audience", &token->audience, "aud; else the configuration's; may be repeated");
    command
        ->add_option("--expires-in", token->expires_in_s,
                     "Seconds; below 0: it has expired already; 0: never (default: 3600)")
        ->type_name("S");
    text("--secret", &token->secret, "Signs with HS256; at least 32 bytes")->envname("GATEWAYD_TOKEN_SECRET");
    text("--key", &token->key_file, "A private key in PEM that signs")->type_name("FILE");
    text("--kid", &token->key_id, "The key's name; with --config: which key signs");
    return command;
}

// `gatewayd trace`
CLI::App* add_trace(CLI::App* app, CommandLine* line) {
    CLI::App* trace = app->add_subcommand(
        "trace",
        "Show what a running gateway does with one client's messages: each plugin, its verdict, its time");
    trace->add_option("--client", line->trace.client, "The client_id; it may connect later")
        ->required()
        ->type_name("ID");
    trace
        ->add_option("--admin", line->trace.admin,
                     "The gateway's admin listener (default: http://127.0.0.1:8082)")
        ->type_name("URL");
    trace
        ->add_option("--api-key", line->trace.api_key,
                     "One of admin.api_keys; better in the environment, as GATEWAYD_API_KEY")
        ->type_name("KEY");
    trace->add_option("--seconds", line->trace.seconds, "Ends after so long (default: 600)")
        ->type_name("S")
        ->check(CLI::Range(1, 3600));
    trace->add_flag("--payload", line->trace.payload, "Show the messages, too: they may be private");
    trace->add_flag("--json", line->trace.json, "The lines as the gateway sends them, JSON objects");
    return trace;
}

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
    app.add_flag("--safe-mode", line.safe_mode,
                 "Open the admin listener alone: no WebSocket listener, no plugin; to look and repair");

    CLI::App* check = app.add_subcommand(
        "check", "Load the configuration and every plugin, print what is in force, start nothing");
    check->fallthrough();  // `gatewayd check --config F` is how people type it
    CLI::App* schema =
        app.add_subcommand("schema", "Print the JSON Schema of the configuration, for editors");
    const CLI::App* token = add_token(&app, &line.token);
    const PluginCommands plugin(&app, &line);
    CLI::App* trace = add_trace(&app, &line);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        const bool clean = app.exit(error, out, err) == 0;
        return clean ? say(exit_clean, out.str())
                     : say(exit_refused, "gatewayd: " + err.str() + "gatewayd --help lists the options\n");
    }
    if (line.safe_mode && (*schema || *check || plugin.chosen() != CommandLine::Command::say)) {
        return say(exit_refused, "gatewayd: --safe-mode is for running a gateway, and no command takes it\n");
    }
    if (*schema) {
        line.command = CommandLine::Command::schema;
        return line;
    }
    if (*trace) {
        line.command = CommandLine::Command::trace;
        return line;
    }
    line.command = *token ? CommandLine::Command::token : plugin.chosen();
    line.plugin_in_c = plugin.language == "c";
    const bool needs_config =
        line.command == CommandLine::Command::say || line.command == CommandLine::Command::forgive_plugin;
    if (!needs_config) return line;
    if (line.config_file.empty()) {
        return say(exit_refused,
                   "gatewayd: which configuration? Start with: gatewayd --config gateway.yaml\n"
                   "gatewayd --help lists the options\n");
    }
    if (line.command == CommandLine::Command::forgive_plugin) return line;
    line.command = *check ? CommandLine::Command::check : CommandLine::Command::run;
    return line;
}

}  // namespace gatewayd
