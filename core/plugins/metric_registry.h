// MetricRegistry: the metrics that plugins define (gw.metrics/1), as /metrics shows them. One a gateway,
// owned by it. Defining and reading take its lock; counting takes none.
//
// A family belongs to a plugin by its name in plugins.load, and is held by each of its instances that has
// defined it: so generations of a plugin that define the same count in the same series, and it is shown until
// the last of them is forgotten. Its memory stays until that one is destroyed, because destroy may still
// count. When a new generation defines a name otherwise, its family is the one that is shown.
#ifndef GATEWAYD_CORE_PLUGINS_METRIC_REGISTRY_H
#define GATEWAYD_CORE_PLUGINS_METRIC_REGISTRY_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/ext/metrics.h"

namespace gatewayd {

inline constexpr size_t max_metrics_per_plugin = 64;
inline constexpr size_t max_series_per_metric = 256;
inline constexpr size_t max_metric_labels = 4;
inline constexpr size_t max_metric_bounds = 32;

// gw_series of the ABI. Any thread; lock-free.
struct MetricSeries {
    MetricSeries(uint32_t metric_kind, std::vector<std::string> label_values,
                 const std::vector<double>& metric_bounds);

    // False: not for this kind, or the value is no number that it takes.
    bool add(double amount);
    bool set(double now);
    bool observe(double sample);

    const uint32_t kind;                                     // GW_METRIC_
    const std::vector<std::string> values;                   // of the labels
    const std::vector<double> bounds;                        // histogram
    std::atomic<double> value{0};                            // histogram: the sum
    const std::unique_ptr<std::atomic<uint64_t>[]> buckets;  // histogram: one more than bounds

   private:
    void add_to_value(double amount);
};

// What /metrics shows of a family.
struct PluginMetric {
    struct Series {
        std::vector<std::string> values;
        double value = 0;               // histogram: the sum
        std::vector<uint64_t> buckets;  // histogram: not added up
    };
    uint32_t kind = 0;
    std::string name;
    std::string help;
    std::vector<std::string> labels;
    std::vector<double> bounds;
    std::vector<Series> series;
};

class MetricRegistry {
   public:
    struct Owner {
        const void* instance;
        std::string name;  // in plugins.load
        uint32_t stage;    // GW_STAGE_
    };
    // A gw_metric_definition as the host holds it.
    struct Definition {
        uint32_t kind = 0;
        std::string name;
        std::string help;
        std::vector<std::string> labels;
        std::vector<double> bounds;
    };

    // What /metrics calls the metric that a plugin of this name calls `name`.
    static std::string whole_name(const std::string& plugin, const std::string& name);

    // [control] GW_OK; an error with *why in words.
    int32_t define(const Owner& owner, Definition definition, gw_metric** out, std::string* why);
    // [any] GW_OK, GW_E_ARG, GW_E_LIMIT.
    static int32_t series(gw_metric* metric, const std::vector<std::string>& values, gw_series** out);
    // [control] What no other instance has defined is shown no more.
    void forget(const void* instance);
    // [control] And its memory goes.
    void destroyed(const void* instance);
    // [any] By name.
    std::vector<PluginMetric> snapshot() const;

   private:
    struct Family {
        Definition definition;  // with the whole name
        std::string owner;
        std::vector<const void*> holders;    // instances that have defined it
        std::vector<const void*> last_ones;  // that were forgotten and are not destroyed
        std::mutex mutex;                    // of the list, not of the series
        std::vector<std::unique_ptr<MetricSeries>> series;
    };

    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Family>> families_;  // in the order of their definition
};

}  // namespace gatewayd

#endif
