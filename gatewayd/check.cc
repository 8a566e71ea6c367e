#include "gatewayd/check.h"

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "core/base/log.h"
#include "core/config/loader.h"
#include "core/config/render.h"
#include "core/gateway.h"
#include "gatewayd/admin/api.h"

namespace gatewayd {

LoadOptions load_options(const CommandLine& line) {
    LoadOptions options;
    options.file = line.config_file;
    options.sets = line.sets;
    return options;
}

std::optional<Settings> load_or_say_why(const CommandLine& line, std::vector<std::string>* warnings) {
    LoadResult result = load_settings(load_options(line));
    *warnings = std::move(result.warnings);
    if (!result.ok()) {
        for (const std::string& warning : *warnings)
            std::fprintf(stderr, "warning: %s\n", warning.c_str());
        for (const std::string& error : result.errors)
            std::fprintf(stderr, "%s\n", error.c_str());
        std::fprintf(stderr, "gatewayd: refused: %s is not valid\n", line.config_file.c_str());
    }
    return std::move(result.settings);
}

int check(const CommandLine& line) {
    std::vector<std::string> warnings;
    const std::optional<Settings> settings = load_or_say_why(line, &warnings);
    if (!settings) return exit_refused;

    log::setup(settings->log);
    boost::asio::io_context control;
    std::string refused;
    {
        Gateway gateway(*settings, control);
        gateway.reserve_admin_routes(admin::Api::paths());
        try {
            gateway.check();
        } catch (const StartError& error) {
            refused = error.what();
        }
        const std::vector<std::string>& more = gateway.warnings();
        warnings.insert(warnings.end(), more.begin(), more.end());
    }
    log::flush_and_stop();

    if (!refused.empty()) {
        std::fprintf(stderr, "gatewayd: refused: %s\n", refused.c_str());
        return exit_refused;
    }
    for (const std::string& warning : warnings)
        std::printf("warning: %s\n", warning.c_str());
    std::printf("\n# in force, secrets masked\n%s\nconfiguration is valid\n",
                render_effective(*settings).c_str());
    return exit_clean;
}

}  // namespace gatewayd
