// The command line: what the user asks for. Start-up only.
#ifndef GATEWAYD_GATEWAYD_COMMAND_LINE_H
#define GATEWAYD_GATEWAYD_COMMAND_LINE_H

#include <cstdint>
#include <string>
#include <vector>

#include "gatewayd/token/options.h"

namespace gatewayd {

// The exit statuses of every command.
inline constexpr int exit_clean = 0;
inline constexpr int exit_failed =
    1;  // failed while running; `plugin ...`: the plugin fails, or would not load
inline constexpr int exit_refused = 2;  // refused to start, or did not understand the command line

struct CommandLine {
    enum class Command {
        run,
        check,
        inspect_plugin,
        check_plugin,
        bench_plugin,
        list_plugins,
        forgive_plugin,
        new_plugin,
        reload_plugin,
        schema,
        token,
        trace,
        say
    };

    Command command = Command::say;
    std::string config_file;  // run, check; token, and those of plugins but inspect and new: may be empty
    std::vector<std::string> sets;  // the same: "wsc.node_port=9000"
    bool safe_mode = false;         // run
    std::string plugin_file;        // inspect, check and bench a plugin
    bool plugin_no_start = false;   // check_plugin
    uint32_t time_limit_s = 30;     // check_plugin, reload_plugin
    std::string plugin_name;        // new_plugin, forgive_plugin, reload_plugin
    bool plugin_in_c = false;       // new_plugin
    TokenOptions token;             // token
    struct Trace {
        std::string client;
        std::string admin = "http://127.0.0.1:8082";
        std::string api_key;
        uint32_t seconds = 600;
        bool payload = false;
        bool json = false;
    } trace;
    // say: --help, --version and mistakes end with these.
    std::string text;
    int exit_status = exit_clean;  // exit_clean: text is for standard output, else for standard error
};

CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace gatewayd

#endif
