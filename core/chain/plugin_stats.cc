#include "core/chain/plugin_stats.h"

#include <memory>

namespace gatewayd {

const char* name(Hook hook) {
    static constexpr const char* names[hook_count] = {"intercept_handshake",
                                                      "intercept_frame",
                                                      "intercept_message",
                                                      "intercept_publish",
                                                      "intercept_delivery",
                                                      "on_resume",
                                                      "on_cancel",
                                                      "done",
                                                      "on_event",
                                                      "attach",
                                                      "detach",
                                                      "timer",
                                                      "work_done",
                                                      "plugin_event",
                                                      "work"};
    return names[static_cast<size_t>(hook)];
}

const char* function_name(Hook hook) {
    return hook < Hook::on_resume ? "intercept" : name(hook);
}

void add_timed_call(HookCounts* counts, uint64_t ns) {
    size_t place = 0;
    while (place < call_bounds_ns.size() && ns > call_bounds_ns[place])
        ++place;
    counts->timed[place].add();
    counts->timed_ns.add(ns);
}

PluginStats::~PluginStats() {
    for (auto& lane : lanes_)
        delete lane.load(std::memory_order_relaxed);
}

PluginLane& PluginStats::make_lane() {
    auto made = std::make_unique<PluginLane>();
    PluginLane* none = nullptr;
    // Lane 0 may have two threads that are no reactors: they share what the first one made.
    if (!lanes_[current_lane].compare_exchange_strong(none, made.get(), std::memory_order_acq_rel))
        return *none;
    return *made.release();
}

PluginTotals PluginStats::totals() const {
    PluginTotals sum;
    for (const auto& place : lanes_) {
        const PluginLane* lane = place.load(std::memory_order_acquire);
        if (!lane) continue;
        for (size_t hook = 0; hook < hook_count; ++hook) {
            const HookCounts& from = lane->hooks[hook];
            HookTotals& to = sum.hooks[hook];
            to.timed_ns += from.timed_ns.get();
            for (size_t i = 0; i < to.timed.size(); ++i) {
                to.timed[i] += from.timed[i].get();
                to.timed_calls += from.timed[i].get();
            }
            to.calls += from.calls.get();
        }
        sum.resumed += lane->deferrals.resumed.get();
        sum.deadlines += lane->deferrals.deadline.get();
        sum.cancelled += lane->deferrals.cancelled.get();
        sum.withdrawn += lane->deferrals.withdrawn.get();
        sum.deferred += lane->deferrals.begun.get();  // last: it is never less than the ends
        sum.overruns += lane->overruns.get();
        sum.bypassed += lane->bypassed.get();
        sum.refused += lane->refused.get();
    }
    sum.errors = errors.load(std::memory_order_relaxed);
    sum.misuse = misuse.load(std::memory_order_relaxed);
    return sum;
}

uint64_t PluginTotals::calls() const {
    uint64_t sum = 0;
    for (const HookTotals& hook : hooks)
        sum += hook.calls;
    return sum;
}

uint64_t PluginTotals::in_flight() const {
    const uint64_t ended = resumed + deadlines + cancelled + withdrawn;
    return deferred > ended ? deferred - ended : 0;
}

}  // namespace gatewayd
