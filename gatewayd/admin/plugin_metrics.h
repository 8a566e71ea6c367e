// The metrics of plugins: gateway_plugin_*. Pure function: any thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_PLUGIN_METRICS_H
#define GATEWAYD_GATEWAYD_ADMIN_PLUGIN_METRICS_H

#include <vector>

#include "core/gateway.h"
#include "gatewayd/admin/families.h"

namespace gatewayd::admin {

void add_plugin_metrics(const std::vector<PluginStatus>& plugins, std::vector<MetricFamily>* all);

}  // namespace gatewayd::admin

#endif
