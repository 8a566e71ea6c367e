// What GET /api/v1/plugins and /metrics say of the plugins. [any]
#include <algorithm>

#include "core/gateway_impl.h"

namespace gatewayd {
namespace {

// Of one generation; those that drain are added later. Its counts are those of all generations.
PluginStatus status_of(const PluginInstance& plugin, const PluginView& view, const GatewayGuard& guard) {
    static constexpr const char* states[] = {"running", "draining", "restarting", "failed"};
    PluginStatus status;
    status.name = plugin.settings.name;
    status.id = plugin.library->note().id;
    status.version = plugin.library->note().version;
    status.path = plugin.library->path();
    status.kinds = plugin.library->note().kinds;
    status.state = states[static_cast<size_t>(plugin.state.load())];
    status.generation = plugin.generation;
    status.connections = view.connections_of(plugin);
    if (const CrashRecord* record = guard.record())
        status.crashes = record->count_of(plugin.library->tag()->identity).in_a_row;
    if (const Watchdog* watchdog = guard.watchdog()) status.stuck = watchdog->incidents_of(status.name);
    status.swapped = plugin.lineage->swapped;
    status.failed = plugin.lineage->failed;
    if (!plugin.interceptor) return status;
    status.hooks = plugin.interceptor->hooks();
    status.totals = plugin.interceptor->stats->totals();
    if (const Breaker* breaker = plugin.interceptor->breaker.get()) {
        status.has_budget = true;
        status.breaker = breaker->state();
        status.breaker_opened = breaker->times_opened();
    }
    return status;
}

PluginStatus status_of(const SkippedPlugin& skipped) {
    PluginStatus status;
    status.name = skipped.settings.name;
    status.id = skipped.file.note.id;
    status.version = skipped.file.note.version;
    status.path = skipped.file.path;
    status.kinds = skipped.file.note.kinds;
    status.state = "not loaded";
    status.generation = 0;
    status.loaded = false;
    status.why_not = skipped.why;
    status.crashes = skipped.crashes;
    return status;
}

}  // namespace

std::vector<PluginStatus> Gateway::Impl::plugins() const {
    const std::shared_ptr<const PluginView> view = plugins_.view();
    std::vector<PluginStatus> plugins;
    for (const PluginInstancePtr& instance : view->current) {
        plugins.push_back(status_of(*instance, *view, guard_));
    }
    for (const PluginInstancePtr& instance : view->leaving) {
        if (std::find(view->current.begin(), view->current.end(), instance) != view->current.end()) continue;
        auto newest = std::find_if(plugins.begin(), plugins.end(), [&](const PluginStatus& plugin) {
            return plugin.name == instance->settings.name;
        });
        if (newest == plugins.end()) {
            plugins.push_back(status_of(*instance, *view, guard_));  // it has been removed
            newest = plugins.end() - 1;
        } else {
            newest->draining.push_back(
                {instance->generation, instance->library->note().version, view->connections_of(*instance)});
        }
    }
    for (const auto* list : {&unloaded_, &view->skipped}) {
        for (const SkippedPlugin& skipped : *list)
            plugins.push_back(status_of(skipped));
    }
    for (const PluginEventNumbers& events : plugin_events_.numbers()) {
        for (PluginStatus& plugin : plugins) {
            if (plugin.name == events.plugin) plugin.events = events;
        }
    }
    return plugins;
}

}  // namespace gatewayd
