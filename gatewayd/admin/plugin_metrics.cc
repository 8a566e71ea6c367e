#include "gatewayd/admin/plugin_metrics.h"

#include <limits>

namespace gatewayd::admin {
namespace {

// Of the hooks that a plugin has: eleven histograms for each would be much for nothing.
void add_hooks(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all) {
    MetricFamily calls =
        family(MetricType::Counter, "gateway_plugin_calls_total", "Calls of plugins' hooks.");
    MetricFamily duration =
        family(MetricType::Histogram, "gateway_plugin_duration_seconds",
               "How long hooks took, without what they waited for; one call in 64, with budget_ms each.");
    for (const PluginStatus& plugin : plugins) {
        for (size_t i = 0; i < hook_count; ++i) {
            const HookTotals& hook = plugin.totals.hooks[i];
            if (hook.calls == 0 && !(plugin.hooks >> i & 1)) continue;
            const std::vector<ClientMetric::Label> labels{{"plugin", plugin.name},
                                                          {"hook", name(static_cast<Hook>(i))}};
            add_value(&calls, static_cast<double>(hook.calls), labels);
            ClientMetric metric;
            metric.label = labels;
            uint64_t below = 0;
            for (size_t place = 0; place <= call_bounds_ns.size(); ++place) {
                below += hook.timed[place];
                const double bound = place < call_bounds_ns.size()
                                         ? static_cast<double>(call_bounds_ns[place]) / 1e9
                                         : std::numeric_limits<double>::infinity();
                metric.histogram.bucket.push_back({below, bound});
            }
            metric.histogram.sample_count = below;
            metric.histogram.sample_sum = static_cast<double>(hook.timed_ns) / 1e9;
            duration.metric.push_back(std::move(metric));
        }
    }
    if (calls.metric.empty()) return;
    all->push_back(std::move(calls));
    all->push_back(std::move(duration));
}

void add_deferrals(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all) {
    MetricFamily now = family(MetricType::Gauge, "gateway_plugin_deferred", "Requests put aside now.");
    MetricFamily begun =
        family(MetricType::Counter, "gateway_plugin_deferred_total", "Requests that were put aside.");
    MetricFamily ended = family(MetricType::Counter, "gateway_plugin_deferral_ends_total",
                                "How what was put aside has ended: resumed, or not before its deadline, or "
                                "before the connection's end.");
    for (const PluginStatus& plugin : plugins) {
        if (!plugin.loaded) continue;
        const PluginTotals& totals = plugin.totals;
        add_value(&now, static_cast<double>(totals.in_flight()), {{"plugin", plugin.name}});
        add_value(&begun, static_cast<double>(totals.deferred), {{"plugin", plugin.name}});
        for (const auto& [how, count] : {std::pair("resumed", totals.resumed),
                                         {"deadline", totals.deadlines},
                                         {"cancelled", totals.cancelled},
                                         {"withdrawn", totals.withdrawn}})
            add_value(&ended, static_cast<double>(count), {{"plugin", plugin.name}, {"how", how}});
    }
    all->push_back(std::move(now));
    all->push_back(std::move(begun));
    all->push_back(std::move(ended));
}

// Of plugins with budget_ms; without any there is nothing to say.
void add_budgets(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all) {
    MetricFamily overruns =
        family(MetricType::Counter, "gateway_plugin_overruns_total", "Calls that took more than budget_ms.");
    MetricFamily state = family(MetricType::Gauge, "gateway_plugin_breaker_state",
                                "0 closed: all is well; 1 half open: one call is tried; 2 open.");
    MetricFamily opened =
        family(MetricType::Counter, "gateway_plugin_breaker_opened_total", "Times that it opened.");
    MetricFamily held =
        family(MetricType::Counter, "gateway_plugin_held_off_total",
               "Requests that went without the plugin, or were refused, by its open breaker.");
    for (const PluginStatus& plugin : plugins) {
        if (!plugin.has_budget) continue;
        const std::vector<ClientMetric::Label> label{{"plugin", plugin.name}};
        add_value(&overruns, static_cast<double>(plugin.totals.overruns), label);
        add_value(&state, static_cast<double>(plugin.breaker), label);
        add_value(&opened, static_cast<double>(plugin.breaker_opened), label);
        add_value(&held, static_cast<double>(plugin.totals.bypassed),
                  {{"plugin", plugin.name}, {"action", "bypass"}});
        add_value(&held, static_cast<double>(plugin.totals.refused),
                  {{"plugin", plugin.name}, {"action", "reject"}});
    }
    if (overruns.metric.empty()) return;
    all->push_back(std::move(overruns));
    all->push_back(std::move(state));
    all->push_back(std::move(opened));
    all->push_back(std::move(held));
}

// Of those that had to do with events.
void add_events(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all) {
    MetricFamily emitted = family(MetricType::Counter, "gateway_plugin_events_emitted_total",
                                  "Events of plugins that some plugin listened to.");
    MetricFamily heard =
        family(MetricType::Counter, "gateway_plugin_events_heard_total", "Events that a plugin heard.");
    MetricFamily lost = family(MetricType::Counter, "gateway_plugin_events_lost_total",
                               "Events that a plugin did not hear, because too many waited for it.");
    MetricFamily waiting =
        family(MetricType::Gauge, "gateway_plugin_events_waiting", "Events that wait for a plugin.");
    for (const PluginStatus& plugin : plugins) {
        if (plugin.events.plugin.empty()) continue;
        const std::vector<ClientMetric::Label> labels{{"plugin", plugin.name}};
        add_value(&emitted, static_cast<double>(plugin.events.emitted), labels);
        add_value(&heard, static_cast<double>(plugin.events.heard), labels);
        add_value(&lost, static_cast<double>(plugin.events.lost), labels);
        add_value(&waiting, static_cast<double>(plugin.events.waiting), labels);
    }
    if (emitted.metric.empty()) return;
    for (MetricFamily* made : {&emitted, &heard, &lost, &waiting})
        all->push_back(std::move(*made));
}

}  // namespace

void add_plugin_metrics(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all) {
    MetricFamily errors =
        family(MetricType::Counter, "gateway_plugin_errors_total", "Plugin hooks that failed.");
    MetricFamily misuse = family(MetricType::Counter, "gateway_plugin_misuse_total",
                                 "Plugins' calls and verdicts against the rules.");
    MetricFamily swaps =
        family(MetricType::Counter, "gateway_plugin_swaps_total", "New generations of plugins, by a reload.");
    for (const PluginStatus& plugin : plugins) {
        if (!plugin.loaded) continue;
        add_value(&swaps, static_cast<double>(plugin.swapped), {{"plugin", plugin.name}, {"result", "ok"}});
        add_value(&swaps, static_cast<double>(plugin.failed),
                  {{"plugin", plugin.name}, {"result", "failed"}});
        add_value(&errors, static_cast<double>(plugin.totals.errors), {{"plugin", plugin.name}});
        add_value(&misuse, static_cast<double>(plugin.totals.misuse), {{"plugin", plugin.name}});
    }
    all->push_back(std::move(errors));
    all->push_back(std::move(misuse));
    all->push_back(std::move(swaps));
    add_hooks(plugins, all);
    add_deferrals(plugins, all);
    add_budgets(plugins, all);
    add_events(plugins, all);
}

}  // namespace gatewayd::admin
