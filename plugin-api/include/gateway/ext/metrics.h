/* gateway/ext/metrics.h - gw.metrics/1: counters, gauges and histograms of a plugin's own in /metrics.
 *
 * Names. The plugin says "lookups_total"; /metrics shows gateway_plugin_INSTANCE_lookups_total, with what is
 * no letter or digit in the instance's name as '_'. Names that begin with "gateway_" are shown as they are
 * and belong to stages: "gateway_group..." to GW_STAGE_GROUPS, "gateway_ticket..." to GW_STAGE_TICKETS. Lower
 * case, digits and
 * '_', at most 96 bytes; a counter's ends with "_total", no other's does, nor with "_bucket", "_count",
 * "_sum" or
 * "_info".
 *
 * Labels never hold the id of a user, client, group or ticket: a family has at most 256 series, and what is
 * over that is refused. Two generations of one instance that define the same family count in the same series.
 * What an instance has defined vanishes when it has stopped and no other generation of it has defined it. */
#ifndef GATEWAY_EXT_METRICS_H
#define GATEWAY_EXT_METRICS_H

#include "gateway/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_METRICS "gw.metrics/1"

/* kind of gw_metric_definition. */
#define GW_METRIC_COUNTER UINT32_C(1)
#define GW_METRIC_GAUGE UINT32_C(2)
#define GW_METRIC_HISTOGRAM UINT32_C(3)

/* The host's, until destroy returns. */
typedef struct gw_metric gw_metric; /* a family: a name and its labels' names */
typedef struct gw_series gw_series; /* one line of it: the labels' values     */

/* The caller's; copied. */
typedef struct gw_metric_definition {
    uint32_t struct_size;
    uint32_t kind;
    gw_str name;
    gw_str help;          /* one line: what is counted, in which unit                          */
    const gw_str* labels; /* their names: at most 4, of [a-z0-9_], not "le"                      */
    uint64_t label_count;
    const double* bounds; /* histogram: upper bounds, ascending, at most 32; a last one is added */
    uint64_t bound_count; /* another kind: 0                                                   */
} gw_metric_definition;

typedef struct gw_metrics_v1 {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In create or start. At most 64 a plugin; a second time the same gives the same.
     * GW_E_ARG: the name, a label or the bounds. GW_E_STATE: started already, or the name is another
     * plugin's, belongs to another stage, or was defined otherwise by this instance. GW_E_LIMIT. */
    int32_t (*define)(gw_inst* inst, const gw_metric_definition* definition, gw_metric** out);
    /* [any] The series of these values, in the order of the labels; made when it is not there. Takes a lock:
     * keep what it gives. A value: at most 128 bytes of UTF-8. GW_E_ARG; GW_E_LIMIT: 256 there are. */
    int32_t (*series)(gw_inst* inst, gw_metric* metric, const gw_str* values, uint64_t value_count,
                      gw_series** out);
    /* [any] Without a lock. A counter, by what is 0 or more; a gauge, by any number. GW_E_ARG. */
    int32_t (*add)(gw_inst* inst, gw_series* series, double value);
    /* [any] Without a lock. A gauge. GW_E_ARG. */
    int32_t (*set)(gw_inst* inst, gw_series* series, double value);
    /* [any] Without a lock. A histogram. GW_E_ARG. */
    int32_t (*observe)(gw_inst* inst, gw_series* series, double value);
} gw_metrics_v1;

#ifdef __cplusplus
}
#endif
#endif
