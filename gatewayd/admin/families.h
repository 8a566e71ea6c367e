// How metrics_text() makes one metric of Prometheus. Pure functions: any thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_FAMILIES_H
#define GATEWAYD_GATEWAYD_ADMIN_FAMILIES_H

#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

namespace gatewayd::admin {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

inline MetricFamily family(MetricType type, const char* name, const char* help) {
    MetricFamily made;
    made.type = type;
    made.name = name;
    made.help = help;
    return made;
}

inline void add_value(MetricFamily* to, double value, std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (to->type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
    to->metric.push_back(std::move(metric));
}

inline MetricFamily single(MetricType type, const char* name, const char* help, double value) {
    MetricFamily made = family(type, name, help);
    add_value(&made, value);
    return made;
}

}  // namespace gatewayd::admin

#endif
