// gatewayd: reads the command line and hands over.
#include <cstdio>
#include <exception>

#include "core/config/json_schema.h"
#include "core/plugins/inspect.h"
#include "gatewayd/check.h"
#include "gatewayd/command_line.h"
#include "gatewayd/plugin/bench.h"
#include "gatewayd/plugin/check.h"
#include "gatewayd/plugin/forgive.h"
#include "gatewayd/plugin/list.h"
#include "gatewayd/plugin/new.h"
#include "gatewayd/plugin/reload.h"
#include "gatewayd/run.h"
#include "gatewayd/token/token.h"
#include "gatewayd/trace/trace.h"

namespace {

int inspect(const std::string& file) {
    const gatewayd::PluginInspection inspection = gatewayd::inspect_plugin(file);
    std::fputs(inspection.text.c_str(), stdout);
    return inspection.loadable ? gatewayd::exit_clean : gatewayd::exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
    using gatewayd::CommandLine;
    try {
        const CommandLine line = gatewayd::parse_command_line(argc, argv);
        switch (line.command) {
            case CommandLine::Command::run:
                return gatewayd::run(line);
            case CommandLine::Command::check:
                return gatewayd::check(line);
            case CommandLine::Command::inspect_plugin:
                return inspect(line.plugin_file);
            case CommandLine::Command::check_plugin:
                return gatewayd::check_plugin(line);
            case CommandLine::Command::bench_plugin:
                return gatewayd::bench_plugin(line);
            case CommandLine::Command::list_plugins:
                return gatewayd::list_plugins(line);
            case CommandLine::Command::forgive_plugin:
                return gatewayd::forgive_plugin(line);
            case CommandLine::Command::new_plugin:
                return gatewayd::new_plugin(line.plugin_name, line.plugin_in_c);
            case CommandLine::Command::reload_plugin:
                return gatewayd::reload_plugin(line);
            case CommandLine::Command::trace:
                return gatewayd::trace(line);
            case CommandLine::Command::schema:
                std::fputs(gatewayd::render_json_schema().c_str(), stdout);
                return gatewayd::exit_clean;
            case CommandLine::Command::token:
                return gatewayd::token(line);
            case CommandLine::Command::say:
                std::fputs(line.text.c_str(), line.exit_status == gatewayd::exit_clean ? stdout : stderr);
                return line.exit_status;
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gatewayd: %s\n", error.what());
    }
    return gatewayd::exit_failed;
}
