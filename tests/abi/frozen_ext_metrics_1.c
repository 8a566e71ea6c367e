/* ABI gw.metrics/1, frozen: made by freeze.py when it was released, never edited. A line that no longer
 * compiles says which promise to plugins that are out there would be broken. */
/* clang-format off */
#include "gateway/ext/metrics.h"

#define VALUE(name, type, value) \
    _Static_assert(_Generic((name), type: 1, default: 0) && (name) == (value), #name " is " #type " " #value)
#define TEXT(name, value) _Static_assert(__builtin_strcmp(name, value) == 0, #name)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define LEAST_SIZE(type, size) _Static_assert(sizeof(type) >= (size), "size of " #type)
#define FIELD(struct_type, field, offset, ...) \
    _Static_assert(offsetof(struct_type, field) == (offset), #struct_type "." #field " moved"); \
    _Static_assert(_Generic(&((struct_type *)0)->field, __VA_ARGS__: 1, default: 0), \
                   #struct_type "." #field " is no longer what it was")
#define CALLBACK(name, ...) \
    _Static_assert(_Generic((name)0, __VA_ARGS__: 1, default: 0), #name " is no longer what it was")


/* gateway/ext/metrics.h */
TEXT(GW_EXT_METRICS, "gw.metrics/1");
VALUE(GW_METRIC_COUNTER, uint32_t, 1);
VALUE(GW_METRIC_GAUGE, uint32_t, 2);
VALUE(GW_METRIC_HISTOGRAM, uint32_t, 3);

LEAST_SIZE(gw_metric_definition, 72);
FIELD(gw_metric_definition, struct_size, 0, uint32_t *);
FIELD(gw_metric_definition, kind, 4, uint32_t *);
FIELD(gw_metric_definition, name, 8, gw_str *);
FIELD(gw_metric_definition, help, 24, gw_str *);
FIELD(gw_metric_definition, labels, 40, const gw_str* *);
FIELD(gw_metric_definition, label_count, 48, uint64_t *);
FIELD(gw_metric_definition, bounds, 56, const double* *);
FIELD(gw_metric_definition, bound_count, 64, uint64_t *);

LEAST_SIZE(gw_metrics_v1, 48);
FIELD(gw_metrics_v1, struct_size, 0, uint32_t *);
FIELD(gw_metrics_v1, reserved, 4, uint32_t *);
FIELD(gw_metrics_v1, define, 8, int32_t (**)(gw_inst* inst, const gw_metric_definition* definition, gw_metric** out));
FIELD(gw_metrics_v1, series, 16, int32_t (**)(gw_inst* inst, gw_metric* metric, const gw_str* values, uint64_t value_count, gw_series** out));
FIELD(gw_metrics_v1, add, 24, int32_t (**)(gw_inst* inst, gw_series* series, double value));
FIELD(gw_metrics_v1, set, 32, int32_t (**)(gw_inst* inst, gw_series* series, double value));
FIELD(gw_metrics_v1, observe, 40, int32_t (**)(gw_inst* inst, gw_series* series, double value));
