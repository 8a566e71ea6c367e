// Metrics of a plugin's own (gateway/ext/metrics.h), defined in Configure or Start and kept as members:
//
//     gateway::Counter lookups_ = gateway::counter(host(), "lookups_total", "Names that were asked for.");
//     gateway::Metric<gateway::Counter> results_ =
//         gateway::counters(host(), "results_total", "Names found or not.", {"result"});
//     ...
//     lookups_.add();
//     results_.with({"found"}).add();      // keep what with() gives where it is called often
//
// (host() is there from Configure on: assign the members there.)
#ifndef GATEWAY_SDK_METRICS_HPP
#define GATEWAY_SDK_METRICS_HPP

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "gateway/ext/metrics.h"
#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

namespace detail {

inline const gw_metrics_v1& metrics_of(const Host& host) {
    const void* table = host.raw()->extension(host.inst(), to_gw(GW_EXT_METRICS));
    if (table == nullptr) throw Error("this gatewayd does not offer " GW_EXT_METRICS, GW_E_STATE);
    return *static_cast<const gw_metrics_v1*>(table);
}

// One series; an empty one counts nothing. A value; any thread, without a lock.
class Series {
   public:
    Series() = default;
    Series(const gw_metrics_v1* table, gw_inst* inst, gw_series* series)
        : table_(table), inst_(inst), series_(series) {}

   protected:
    const gw_metrics_v1* table_ = nullptr;
    gw_inst* inst_ = nullptr;
    gw_series* series_ = nullptr;
};

}  // namespace detail

class Counter : public detail::Series {
   public:
    static constexpr uint32_t kind = GW_METRIC_COUNTER;
    using Series::Series;
    void add(double amount = 1) const noexcept {
        if (series_) table_->add(inst_, series_, amount);
    }
};

class Gauge : public detail::Series {
   public:
    static constexpr uint32_t kind = GW_METRIC_GAUGE;
    using Series::Series;
    void set(double now) const noexcept {
        if (series_) table_->set(inst_, series_, now);
    }
    void add(double amount = 1) const noexcept {
        if (series_) table_->add(inst_, series_, amount);
    }
};

class Histogram : public detail::Series {
   public:
    static constexpr uint32_t kind = GW_METRIC_HISTOGRAM;
    using Series::Series;
    void observe(double sample) const noexcept {
        if (series_) table_->observe(inst_, series_, sample);
    }
};

// A family of series with labels. A value; any thread.
template <typename Kind>
class Metric {
   public:
    Metric() = default;
    Metric(const Host& host, std::string_view name, std::string_view help,
           std::initializer_list<std::string_view> labels, const std::vector<double>& bounds = {})
        : table_(&detail::metrics_of(host)), inst_(host.inst()) {
        std::vector<gw_str> names;
        for (const std::string_view label : labels)
            names.push_back(to_gw(label));
        const gw_metric_definition definition{static_cast<uint32_t>(sizeof(gw_metric_definition)),
                                              Kind::kind,
                                              to_gw(name),
                                              to_gw(help),
                                              names.data(),
                                              names.size(),
                                              bounds.data(),
                                              bounds.size()};
        check(table_->define(inst_, &definition, &metric_), "define_metric", name);
    }

    // The series of these values, in the order of the labels. Over the limit of series: one that counts
    // nothing.
    Kind with(std::initializer_list<std::string_view> values) const {
        if (!metric_) return {};
        std::vector<gw_str> texts;
        for (const std::string_view value : values)
            texts.push_back(to_gw(value));
        gw_series* series = nullptr;
        const int32_t code = table_->series(inst_, metric_, texts.data(), texts.size(), &series);
        if (code == GW_E_LIMIT) return {};
        check(code, "metric_series");
        return {table_, inst_, series};
    }

   private:
    const gw_metrics_v1* table_ = nullptr;
    gw_inst* inst_ = nullptr;
    gw_metric* metric_ = nullptr;
};

// [control] In Configure or Start: a metric without labels, or a family with labels.
inline Counter counter(const Host& host, std::string_view name, std::string_view help) {
    return Metric<Counter>(host, name, help, {}).with({});
}
inline Metric<Counter> counters(const Host& host, std::string_view name, std::string_view help,
                                std::initializer_list<std::string_view> labels) {
    return {host, name, help, labels};
}
inline Gauge gauge(const Host& host, std::string_view name, std::string_view help) {
    return Metric<Gauge>(host, name, help, {}).with({});
}
inline Metric<Gauge> gauges(const Host& host, std::string_view name, std::string_view help,
                            std::initializer_list<std::string_view> labels) {
    return {host, name, help, labels};
}
inline Histogram histogram(const Host& host, std::string_view name, std::string_view help,
                           const std::vector<double>& bounds) {
    return Metric<Histogram>(host, name, help, {}, bounds).with({});
}
inline Metric<Histogram> histograms(const Host& host, std::string_view name, std::string_view help,
                                    std::initializer_list<std::string_view> labels,
                                    const std::vector<double>& bounds) {
    return {host, name, help, labels, bounds};
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
