/* gw.metrics/1: all that its header declares, within reach of one function. */
#include "gateway/ext/metrics.h"

void ext_metrics_1(const gw_metrics_v1* table, const gw_metric_definition* definition, gw_metric* metric,
                   gw_series* series);
void ext_metrics_1(const gw_metrics_v1* table, const gw_metric_definition* definition, gw_metric* metric,
                   gw_series* series) {
    (void)table;
    (void)definition;
    (void)metric;
    (void)series;
}
