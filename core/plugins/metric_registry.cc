#include "core/plugins/metric_registry.h"

#include <algorithm>
#include <cmath>

#include "core/base/utf8.h"

namespace gatewayd {
namespace {

using Lock = std::lock_guard<std::mutex>;

constexpr size_t max_name_bytes = 96;
constexpr size_t max_help_bytes = 512;
constexpr size_t max_value_bytes = 128;
constexpr std::string_view own_prefix = "gateway_";

// Names that the protocol promises, and the stage of the plugin that has them (docs/adr/0014).
struct Promised {
    std::string_view prefix;
    uint32_t stage;
};
constexpr Promised promised[] = {{"gateway_group", GW_STAGE_GROUPS},
                                 {"gateway_ticket", GW_STAGE_TICKETS},
                                 {"gateway_agents", GW_STAGE_TICKETS}};

bool begins_with(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}
bool ends_with(std::string_view text, std::string_view with) {
    return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= max_name_bytes && !(text[0] >= '0' && text[0] <= '9') &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_one_line(std::string_view text) {
    return !text.empty() && text.size() <= max_help_bytes && is_valid_utf8(text) &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// What is wrong with it, whoever defines it; empty: nothing.
std::string problem_of(const MetricRegistry::Definition& metric) {
    if (metric.kind < GW_METRIC_COUNTER || metric.kind > GW_METRIC_HISTOGRAM) return "there is no such kind";
    if (!is_name(metric.name)) return "a name is made of a-z, 0-9 and '_', and does not begin with a digit";
    if (ends_with(metric.name, "_total") != (metric.kind == GW_METRIC_COUNTER))
        return "a counter's name ends with _total, and no other's";
    for (const std::string_view ending : {"_bucket", "_count", "_sum", "_info"}) {
        if (ends_with(metric.name, ending)) return "no name ends with " + std::string(ending);
    }
    if (!is_one_line(metric.help)) return "help is one line that says what is counted";
    if (metric.labels.size() > max_metric_labels) return "there are at most 4 labels";
    for (size_t i = 0; i < metric.labels.size(); ++i) {
        const std::string& label = metric.labels[i];
        if (!is_name(label) || begins_with(label, "__") || label == "le")
            return "no label may be named \"" + label + "\"";
        if (std::find(metric.labels.begin(), metric.labels.begin() + static_cast<std::ptrdiff_t>(i), label) !=
            metric.labels.begin() + static_cast<std::ptrdiff_t>(i))
            return "the label " + label + " is there twice";
    }
    if ((metric.kind == GW_METRIC_HISTOGRAM) == metric.bounds.empty())
        return "a histogram has bounds, and nothing else has";
    if (metric.bounds.size() > max_metric_bounds) return "there are at most 32 bounds";
    for (size_t i = 0; i < metric.bounds.size(); ++i) {
        if (!std::isfinite(metric.bounds[i]) || (i > 0 && metric.bounds[i] <= metric.bounds[i - 1]))
            return "bounds are finite and ascend";
    }
    return {};
}

bool is_same(const MetricRegistry::Definition& a, const MetricRegistry::Definition& b) {
    return a.kind == b.kind && a.labels == b.labels && a.bounds == b.bounds;
}

void take_out(std::vector<const void*>* list, const void* item) {
    list->erase(std::remove(list->begin(), list->end(), item), list->end());
}

}  // namespace

// --- MetricSeries ---

MetricSeries::MetricSeries(uint32_t metric_kind, std::vector<std::string> label_values,
                           const std::vector<double>& metric_bounds)
    : kind(metric_kind),
      values(std::move(label_values)),
      bounds(metric_bounds),
      buckets(metric_kind == GW_METRIC_HISTOGRAM ? new std::atomic<uint64_t>[metric_bounds.size() + 1]()
                                                 : nullptr) {}

void MetricSeries::add_to_value(double amount) {
    double before = value.load(std::memory_order_relaxed);
    while (!value.compare_exchange_weak(before, before + amount, std::memory_order_relaxed))
        continue;
}

bool MetricSeries::add(double amount) {
    const bool fine = kind == GW_METRIC_GAUGE || (kind == GW_METRIC_COUNTER && amount >= 0);
    if (!fine || !std::isfinite(amount)) return false;
    add_to_value(amount);
    return true;
}

bool MetricSeries::set(double now) {
    if (kind != GW_METRIC_GAUGE || std::isnan(now)) return false;
    value.store(now, std::memory_order_relaxed);
    return true;
}

bool MetricSeries::observe(double sample) {
    if (kind != GW_METRIC_HISTOGRAM || !std::isfinite(sample)) return false;
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), sample) - bounds.begin();
    buckets[static_cast<size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    add_to_value(sample);
    return true;
}

// --- MetricRegistry ---

std::string MetricRegistry::whole_name(const std::string& plugin, const std::string& name) {
    if (begins_with(name, own_prefix)) return name;
    std::string instance = plugin;
    for (char& c : instance) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '_';
    }
    return "gateway_plugin_" + instance + "_" + name;
}

int32_t MetricRegistry::define(const Owner& owner, Definition definition, gw_metric** out, std::string* why) {
    *why = problem_of(definition);
    if (!why->empty()) return GW_E_ARG;
    const bool allowed = !begins_with(definition.name, own_prefix) ||
                         std::any_of(std::begin(promised), std::end(promised), [&](const Promised& p) {
                             return begins_with(definition.name, p.prefix) && owner.stage == p.stage;
                         });
    if (!allowed) {
        *why = "that name does not belong to the plugin's stage";
        return GW_E_STATE;
    }
    definition.name = whole_name(owner.name, definition.name);
    const Lock lock(mutex_);
    size_t own = 0;
    for (const auto& family : families_) {
        const bool mine = std::count(family->holders.begin(), family->holders.end(), owner.instance) > 0;
        own += mine ? 1 : 0;
        if (family->definition.name != definition.name || family->holders.empty()) continue;
        if (family->owner != owner.name) {
            *why = "the plugin " + family->owner + " has this name";
            return GW_E_STATE;
        }
        if (is_same(family->definition, definition)) {
            if (!mine) family->holders.push_back(owner.instance);
            *out = reinterpret_cast<gw_metric*>(family.get());
            return GW_OK;
        }
        if (mine) {
            *why = "it has defined this name otherwise";
            return GW_E_STATE;
        }
    }
    if (own >= max_metrics_per_plugin) {
        *why = "a plugin has at most " + std::to_string(max_metrics_per_plugin) + " metrics";
        return GW_E_LIMIT;
    }
    auto family = std::make_unique<Family>();
    family->definition = std::move(definition);
    family->owner = owner.name;
    family->holders.push_back(owner.instance);
    *out = reinterpret_cast<gw_metric*>(family.get());
    families_.push_back(std::move(family));
    return GW_OK;
}

int32_t MetricRegistry::series(gw_metric* metric, const std::vector<std::string>& values, gw_series** out) {
    Family& family = *reinterpret_cast<Family*>(metric);
    if (values.size() != family.definition.labels.size()) return GW_E_ARG;
    for (const std::string& value : values) {
        if (value.size() > max_value_bytes || !is_valid_utf8(value)) return GW_E_ARG;
    }
    const Lock lock(family.mutex);
    for (const auto& series : family.series) {
        if (series->values != values) continue;
        *out = reinterpret_cast<gw_series*>(series.get());
        return GW_OK;
    }
    if (family.series.size() >= max_series_per_metric) return GW_E_LIMIT;
    family.series.push_back(
        std::make_unique<MetricSeries>(family.definition.kind, values, family.definition.bounds));
    *out = reinterpret_cast<gw_series*>(family.series.back().get());
    return GW_OK;
}

void MetricRegistry::forget(const void* instance) {
    const Lock lock(mutex_);
    for (const auto& family : families_) {
        if (std::count(family->holders.begin(), family->holders.end(), instance) == 0) continue;
        take_out(&family->holders, instance);
        family->last_ones.push_back(instance);
    }
}

void MetricRegistry::destroyed(const void* instance) {
    const Lock lock(mutex_);
    for (const auto& family : families_) {
        take_out(&family->holders, instance);
        take_out(&family->last_ones, instance);
    }
    families_.erase(std::remove_if(families_.begin(), families_.end(),
                                   [](const auto& family) {
                                       return family->holders.empty() && family->last_ones.empty();
                                   }),
                    families_.end());
}

std::vector<PluginMetric> MetricRegistry::snapshot() const {
    std::vector<PluginMetric> all;
    const Lock lock(mutex_);
    // The newest definition of a name is the one that is shown.
    for (auto at = families_.rbegin(); at != families_.rend(); ++at) {
        Family& family = **at;
        const Definition& definition = family.definition;
        const bool shown = std::any_of(all.begin(), all.end(), [&](const PluginMetric& metric) {
            return metric.name == definition.name;
        });
        if (shown || family.holders.empty()) continue;
        PluginMetric metric{definition.kind,   definition.name,   definition.help,
                            definition.labels, definition.bounds, {}};
        const Lock list_lock(family.mutex);
        for (const auto& series : family.series) {
            PluginMetric::Series line{series->values, series->value.load(std::memory_order_relaxed), {}};
            for (size_t i = 0; series->buckets && i <= series->bounds.size(); ++i)
                line.buckets.push_back(series->buckets[i].load(std::memory_order_relaxed));
            metric.series.push_back(std::move(line));
        }
        all.push_back(std::move(metric));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
}

}  // namespace gatewayd
