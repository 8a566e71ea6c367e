#include "core/chain/hook_call.h"

#include "core/base/log.h"

namespace gatewayd {
namespace {

double to_ms(uint64_t ns) {
    return static_cast<double>(ns) / 1e6;
}

uint64_t now_ns() {
    return ticks_to_ns(ticks_now());
}

void count_overrun(const Interceptor& interceptor, Hook hook, uint64_t ns) {
    interceptor.stats->lane().overruns.add();
    log::write_limited(LogLevel::warn, "plugin_overrun." + interceptor.name, "plugin ran over its budget_ms",
                       {{"plugin", interceptor.name},
                        {"hook", name(hook)},
                        {"took_us", ns / 1000},
                        {"budget_ms", to_ms(interceptor.breaker->budget().ns)}});
}

// For whoever is woken by it: what happened, what it means for clients, and what happens next.
void log_change(const Interceptor& interceptor, Hook hook, uint64_t ns, Breaker::Change change) {
    const Budget& budget = interceptor.breaker->budget();
    const bool bypass = budget.action == OverrunAction::bypass;
    if (change == Breaker::Change::closed) {
        log::info("plugin is fast enough again: its breaker is closed, all requests pass it",
                  {{"plugin", interceptor.name}, {"took_us", ns / 1000}, {"budget_ms", to_ms(budget.ns)}});
        return;
    }
    const bool again = change == Breaker::Change::opened_again;
    log::write_limited(
        LogLevel::error, (again ? "plugin_still_slow." : "plugin_slow.") + interceptor.name,
        again ? "plugin is still too slow: its breaker stays open"
              : "plugin is too slow: its breaker is open",
        {{"plugin", interceptor.name},
         {"hook", name(hook)},
         {"took_us", ns / 1000},
         {"budget_ms", to_ms(budget.ns)},
         {"overruns_in_a_row", budget.limit},
         {"on_overrun", name(budget.action)},
         {"means", bypass ? "requests go on without it" : "its requests are refused with plugin_error"},
         {"next_try_ms", budget.retry_ns / 1'000'000}});
}

}  // namespace

void count_misuse(const Interceptor& interceptor, const char* what) {
    interceptor.stats->misuse.fetch_add(1, std::memory_order_relaxed);
    log::write_limited(LogLevel::warn, "plugin_misuse." + interceptor.name, "plugin broke a rule of the ABI",
                       {{"plugin", interceptor.name}, {"what", what}});
}

void count_error(const Interceptor& interceptor, const char* hook, std::string_view what) {
    interceptor.stats->errors.fetch_add(1, std::memory_order_relaxed);
    log::write_limited(LogLevel::error, "plugin_error." + interceptor.name, "plugin failed",
                       {{"plugin", interceptor.name}, {"hook", hook}, {"what", what}});
}

void account_time(const RunningHook& hook, uint64_t ns, const NextLink* next) {
    const Interceptor& interceptor = *hook.interceptor;
    add_timed_call(&interceptor.stats->lane().hooks[static_cast<size_t>(hook.hook)], ns);
    if (!interceptor.breaker) return;
    Breaker& breaker = *interceptor.breaker;
    const bool over = ns > breaker.budget().ns;
    if (over) count_overrun(interceptor, hook.hook, ns);
    if (!next) return;  // what cannot be left out does not decide either
    const bool at_stake = over || next->pass == Breaker::Pass::probe;
    const Breaker::Change change =
        breaker.ended(next->pass, index_of_kind(next->request->kind), over, at_stake ? now_ns() : 0);
    if (change != Breaker::Change::none) log_change(interceptor, hook.hook, ns, change);
}

bool is_held_off(NextLink* next) {
    Breaker& breaker = *next->interceptor->breaker;
    if (breaker.is_closed()) return false;
    next->pass = breaker.ask(now_ns());
    if (next->pass != Breaker::Pass::held_off) return false;
    PluginLane& lane = next->interceptor->stats->lane();
    (breaker.budget().action == OverrunAction::bypass ? lane.bypassed : lane.refused).add();
    return true;
}

}  // namespace gatewayd
