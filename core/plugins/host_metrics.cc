// gw.metrics/1: checks what plugins say, and calls MetricRegistry.
#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "core/plugins/metric_registry.h"

namespace gatewayd {
namespace {

MetricSeries* from_abi(gw_series* series) {
    return reinterpret_cast<MetricSeries*>(series);
}

int32_t refused(const PluginInstance& plugin, std::string_view name, std::string_view why, int32_t code) {
    log::write_limited(LogLevel::warn, "plugin.metric." + plugin.settings.name,
                       "a plugin's metric was refused",
                       {{"plugin", plugin.settings.name}, {"metric", name}, {"why", why}});
    return code;
}

int32_t metrics_define(gw_inst* inst, const gw_metric_definition* definition, gw_metric** out) {
    if (!inst || !definition || !out || definition->struct_size < sizeof(gw_metric_definition))
        return GW_E_ARG;
    if ((definition->label_count > 0 && !definition->labels) || definition->label_count > max_metric_labels ||
        (definition->bound_count > 0 && !definition->bounds) || definition->bound_count > max_metric_bounds)
        return GW_E_ARG;
    const PluginInstance& plugin = *gatewayd::from_abi(inst);
    MetricRegistry::Definition metric;
    metric.kind = definition->kind;
    metric.name = gatewayd::from_abi(definition->name);
    metric.help = gatewayd::from_abi(definition->help);
    for (uint64_t i = 0; i < definition->label_count; ++i)
        metric.labels.emplace_back(gatewayd::from_abi(definition->labels[i]));
    metric.bounds.assign(definition->bounds, definition->bounds + definition->bound_count);
    const std::string name = metric.name;
    if (plugin.started) return refused(plugin, name, "the plugin is started already", GW_E_STATE);
    const gw_interceptor* interceptor = plugin.library->interceptor();
    std::string why;
    const int32_t code = plugin.services->metric_registry().define(
        {inst, plugin.settings.name, interceptor ? interceptor->stage : GW_STAGE_MESSAGE}, std::move(metric),
        out, &why);
    return code == GW_OK ? GW_OK : refused(plugin, name, why, code);
}

int32_t metrics_series(gw_inst* inst, gw_metric* metric, const gw_str* values, uint64_t value_count,
                       gw_series** out) {
    if (!inst || !metric || !out || (value_count > 0 && !values) || value_count > max_metric_labels)
        return GW_E_ARG;
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < value_count; ++i)
        texts.emplace_back(gatewayd::from_abi(values[i]));
    const int32_t code = MetricRegistry::series(metric, texts, out);
    if (code != GW_E_LIMIT) return code;
    return refused(*gatewayd::from_abi(inst), texts.empty() ? "" : texts[0],
                   "a metric has at most " + std::to_string(max_series_per_metric) + " series", code);
}

int32_t metrics_add(gw_inst*, gw_series* series, double value) {
    return series && from_abi(series)->add(value) ? GW_OK : GW_E_ARG;
}
int32_t metrics_set(gw_inst*, gw_series* series, double value) {
    return series && from_abi(series)->set(value) ? GW_OK : GW_E_ARG;
}
int32_t metrics_observe(gw_inst*, gw_series* series, double value) {
    return series && from_abi(series)->observe(value) ? GW_OK : GW_E_ARG;
}

}  // namespace

const void* metrics_table() {
    static const gw_metrics_v1 table = {sizeof(gw_metrics_v1), 0,           metrics_define, metrics_series,
                                        metrics_add,           metrics_set, metrics_observe};
    return &table;
}

}  // namespace gatewayd
