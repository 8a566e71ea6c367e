// The command line: what the user asks for. Start-up only.
#ifndef GATEWAYD_GATEWAYD_COMMAND_LINE_H
#define GATEWAYD_GATEWAYD_COMMAND_LINE_H

#include <string>
#include <vector>

namespace gatewayd {

// The exit statuses of every command.
inline constexpr int exit_clean = 0;
inline constexpr int exit_failed = 1;   // failed while running; `plugin inspect`: would not load
inline constexpr int exit_refused = 2;  // refused to start, or did not understand the command line

struct CommandLine {
    enum class Command { run, check, inspect_plugin, schema, say };

    Command command = Command::say;
    std::string config_file;        // run, check
    std::vector<std::string> sets;  // run, check: "wsc.node_port=9000"
    std::string plugin_file;        // inspect_plugin
    // say: --help, --version and mistakes end with these.
    std::string text;
    int exit_status = exit_clean;  // exit_clean: text is for standard output, else for standard error
};

CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace gatewayd

#endif
