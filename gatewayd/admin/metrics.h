// Metrics: the gateway's counters as Prometheus reads them. Nothing is kept here: every scrape reads the
// reactors' own counters and adds them up. Pure function: any thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_METRICS_H
#define GATEWAYD_GATEWAYD_ADMIN_METRICS_H

#include <string>
#include <vector>

#include "core/base/counters.h"
#include "core/gateway.h"
#include "gatewayd/process.h"

namespace gatewayd::admin {

struct MetricsSource {
    std::vector<const ReactorCounters*> reactors;
    std::vector<PluginStatus> plugins;
    GatewayStats stats;
    HttpNumbers http;
    std::vector<PluginMetric> plugin_metrics;  // of plugins' own
    std::vector<TlsCertificateInfo> certificates;
    std::vector<std::string> user_types;  // security.allowed_user_types, in its order
    std::string version;
    ProcessNumbers process;
};

// In the text format 0.0.4.
std::string metrics_text(const MetricsSource& source);

}  // namespace gatewayd::admin

#endif
