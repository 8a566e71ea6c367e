#include "gatewayd/plugin/bench.h"

#include <cstdio>
#include <exception>

#include "core/base/log.h"
#include "core/chain/plugin_stats.h"
#include "core/harness/bench.h"
#include "gatewayd/plugin/entry.h"

namespace gatewayd {
namespace {

void measure(harness::PluginBench* bench) {
    std::printf("%-10s %12s %12s %12s\n", "KIND", "NS A CALL", "NO-OP", "MORE");
    for (size_t i = 0; i < kind_count; ++i) {
        const uint32_t kind = 1U << i;
        if (!(bench->kinds() & kind)) continue;
        const char* const name = kind_names[i].data();
        const auto cost = bench->measure(kind);
        std::printf("%-10s %12.1f %12.1f %12.1f\n", name, cost.ns, cost.noop_ns, cost.ns - cost.noop_ns);
        if (cost.failed > 0) {
            std::printf("%-10s it failed on %zu of %zu requests: that is what was measured%s\n", "",
                        cost.failed, cost.seen, " (nothing can be put aside here)");
        }
    }
}

}  // namespace

int bench_plugin(const CommandLine& line) {
    std::optional<PluginSettings> entry = plugin_entry(line);
    if (!entry) return exit_refused;
    LogSettings quiet;
    quiet.level = LogLevel::error;  // a plugin that logs each message would measure the terminal
    log::setup(quiet);
    int status = exit_clean;
    try {
        harness::PluginBench bench(*entry);
        if (bench.kinds() == 0) {
            std::printf("the plugin wants no requests: there is nothing to measure\n");
        } else {
            measure(&bench);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gatewayd: %s\n", error.what());
        status = exit_failed;
    }
    log::flush_and_stop();
    return status;
}

}  // namespace gatewayd
