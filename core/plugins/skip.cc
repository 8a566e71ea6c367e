#include "core/plugins/skip.h"

#include <chrono>

#include "core/base/log_format.h"

namespace gatewayd {

SkipDecision decide_to_skip(const PluginSettings& plugin, const PluginLibrary::Verified& file,
                            const CrashRecord& record, uint32_t crash_limit) {
    SkipDecision decision;
    const CrashCount count = record.count_of(file.identity);
    decision.crashes = count.in_a_row;
    if (count.in_a_row < crash_limit) return decision;
    std::string at;
    log::append_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(count.at_ms)), &at);
    const std::string crashed = "plugin \"" + plugin.name + "\" (" + file.path + ") crashed the gateway " +
                                std::to_string(count.in_a_row) + " times in a row, last by " + count.signal +
                                " in " + count.function + " at " + at;
    if (plugin.on_crash == OnCrash::restart) {
        decision.why = crashed + "; it is loaded again: repair its file, or set on_crash: skip";
    } else if (count.guards && !plugin.allow_unsafe) {
        decision.why = crashed +
                       "; it is loaded again all the same: without it everyone is let in; set "
                       "allow_unsafe: true beside on_crash if that is meant";
    } else {
        decision.skip = true;
        decision.why = crashed +
                       "; the gateway runs without it: repair its file, or say `gatewayd plugin forgive " +
                       plugin.name + "` and restart";
    }
    return decision;
}

}  // namespace gatewayd
