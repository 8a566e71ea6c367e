// The checked functions of gw.metrics/1, and what a test reads of them.
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/metrics.h"

namespace gatewayd::harness {
namespace {

const gw_metrics_v1& host() {
    return *static_cast<const gw_metrics_v1*>(metrics_table());
}

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

int32_t told(const HostCall& call, const std::string& what, int32_t code) {
    if (code < 0) call.engine().problem(what + " was refused: " + std::to_string(code));
    return code;
}

int32_t define(gw_inst* inst, const gw_metric_definition* definition, gw_metric** out) {
    const HostCall call = of_instance("metrics.define", inst).needs(definition).needs(out);
    if (!call.ok()) return call.error();
    const std::string what = "metrics.define(" + std::string(from_abi(definition->name)) + ")";
    return told(call, what, host().define(call.real_inst(), definition, out));
}
int32_t series(gw_inst* inst, gw_metric* metric, const gw_str* values, uint64_t value_count,
               gw_series** out) {
    const HostCall call = of_instance("metrics.series", inst).needs(metric).needs(out);
    if (!call.ok()) return call.error();
    return told(call, "metrics.series()", host().series(call.real_inst(), metric, values, value_count, out));
}
int32_t add(gw_inst* inst, gw_series* series, double value) {
    const HostCall call = of_instance("metrics.add", inst).needs(series);
    return call.ok() ? told(call, "metrics.add()", host().add(call.real_inst(), series, value))
                     : call.error();
}
int32_t set(gw_inst* inst, gw_series* series, double value) {
    const HostCall call = of_instance("metrics.set", inst).needs(series);
    return call.ok() ? told(call, "metrics.set()", host().set(call.real_inst(), series, value))
                     : call.error();
}
int32_t observe(gw_inst* inst, gw_series* series, double value) {
    const HostCall call = of_instance("metrics.observe", inst).needs(series);
    return call.ok() ? told(call, "metrics.observe()", host().observe(call.real_inst(), series, value))
                     : call.error();
}

}  // namespace

const void* checked_metrics_table() {
    static const gw_metrics_v1 table = {sizeof(gw_metrics_v1), 0, define, series, add, set, observe};
    return &table;
}

gateway::harness::MetricValue Engine::metric(const std::string& name,
                                             const std::map<std::string, std::string>& labels) const {
    for (const PluginMetric& metric : hub_.metric_registry().snapshot()) {
        if (metric.name != MetricRegistry::whole_name(instance_.settings.name, name)) continue;
        for (const PluginMetric::Series& series : metric.series) {
            std::map<std::string, std::string> found;
            for (size_t i = 0; i < metric.labels.size(); ++i)
                found[metric.labels[i]] = series.values[i];
            if (found != labels) continue;
            gateway::harness::MetricValue value{true, series.value, 0};
            for (const uint64_t count : series.buckets)
                value.samples += count;
            return value;
        }
    }
    return {};
}

}  // namespace gatewayd::harness
