#include "core/plugins/metric_registry.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace gatewayd {
namespace {

using Definition = MetricRegistry::Definition;

struct Plugin {
    explicit Plugin(MetricRegistry* to, const char* plugin_name, uint32_t plugin_stage = GW_STAGE_MESSAGE)
        : registry(to), name(plugin_name), stage(plugin_stage) {}

    // "": defined; or why not, with the code.
    std::string define(Definition definition) {
        std::string why;
        code = registry->define({this, name, stage}, std::move(definition), &metric, &why);
        return code == GW_OK ? "" : std::to_string(code) + " " + why;
    }
    // The series of the metric that was defined last; null: refused.
    MetricSeries* series(const std::vector<std::string>& values = {}) {
        gw_series* out = nullptr;
        code = MetricRegistry::series(metric, values, &out);
        return reinterpret_cast<MetricSeries*>(out);
    }

    MetricRegistry* const registry;
    const std::string name;
    const uint32_t stage;
    gw_metric* metric = nullptr;
    int32_t code = 0;
};

Definition counter(const char* name, std::vector<std::string> labels = {}) {
    return {GW_METRIC_COUNTER, name, "help", std::move(labels), {}};
}
Definition gauge(const char* name) {
    return {GW_METRIC_GAUGE, name, "help", {}, {}};
}
Definition histogram(const char* name, std::vector<double> bounds) {
    return {GW_METRIC_HISTOGRAM, name, "help", {}, std::move(bounds)};
}

// "name{value,...} = number" of each series, in the order of /metrics.
std::vector<std::string> lines(const MetricRegistry& registry) {
    std::vector<std::string> all;
    for (const PluginMetric& metric : registry.snapshot()) {
        for (const PluginMetric::Series& series : metric.series) {
            std::string line = metric.name + "{";
            for (const std::string& value : series.values)
                line += value + ",";
            line += "} = " + std::to_string(static_cast<int64_t>(series.value));
            for (const uint64_t count : series.buckets)
                line += " " + std::to_string(count);
            all.push_back(line);
        }
    }
    return all;
}
using Lines = std::vector<std::string>;

TEST_CASE("a plugin's metrics have its name in front") {
    MetricRegistry registry;
    Plugin crm(&registry, "acme-CRM.2");
    REQUIRE(crm.define(counter("lookups_total", {"result", "kind"})).empty());
    REQUIRE(crm.series({"hit", "a"})->add(2));
    REQUIRE(crm.series({"miss", "a"})->add(1));
    REQUIRE(crm.series({"hit", "a"})->add(3));
    REQUIRE(crm.define(gauge("customers")).empty());
    REQUIRE(crm.series()->set(7));
    REQUIRE(crm.series()->add(-9));
    CHECK(lines(registry) == Lines{"gateway_plugin_acme_crm_2_customers{} = -2",
                                   "gateway_plugin_acme_crm_2_lookups_total{hit,a,} = 5",
                                   "gateway_plugin_acme_crm_2_lookups_total{miss,a,} = 1"});
}

TEST_CASE("a histogram counts each sample in one bucket") {
    MetricRegistry registry;
    Plugin crm(&registry, "crm");
    REQUIRE(crm.define(histogram("wait_seconds", {1, 10})).empty());
    MetricSeries* series = crm.series();
    for (const double sample : {0.5, 1.0, 1.5, 10.0, 11.0, 100.0})
        REQUIRE(series->observe(sample));
    CHECK(lines(registry) == Lines{"gateway_plugin_crm_wait_seconds{} = 124 2 2 2"});
    CHECK_FALSE(series->observe(std::numeric_limits<double>::quiet_NaN()));
    CHECK_FALSE(series->add(1));
    CHECK_FALSE(series->set(1));
}

TEST_CASE("what a counter and a gauge do not take") {
    MetricRegistry registry;
    Plugin crm(&registry, "crm");
    REQUIRE(crm.define(counter("a_total")).empty());
    CHECK_FALSE(crm.series()->add(-1));
    CHECK_FALSE(crm.series()->add(std::numeric_limits<double>::infinity()));
    CHECK_FALSE(crm.series()->set(1));
    CHECK_FALSE(crm.series()->observe(1));
    REQUIRE(crm.define(gauge("b")).empty());
    CHECK_FALSE(crm.series()->set(std::nan("")));
    CHECK_FALSE(crm.series()->observe(1));
}

TEST_CASE("definitions that are refused, in words") {
    MetricRegistry registry;
    Plugin crm(&registry, "crm");
    for (const char* name : {"", "Lookups_total", "1_total", "a-b_total", "a b_total"})
        CHECK(crm.define(counter(name)) ==
              "-2 a name is made of a-z, 0-9 and '_', and does not begin with a digit");
    CHECK(crm.define(counter("lookups")) == "-2 a counter's name ends with _total, and no other's");
    CHECK(crm.define(gauge("lookups_total")) == "-2 a counter's name ends with _total, and no other's");
    CHECK(crm.define(gauge("lookups_sum")) == "-2 no name ends with _sum");
    CHECK(crm.define({7, "x", "help", {}, {}}) == "-2 there is no such kind");
    CHECK(crm.define({GW_METRIC_GAUGE, "x", "", {}, {}}) == "-2 help is one line that says what is counted");
    CHECK(crm.define({GW_METRIC_GAUGE, "x", "a\nb", {}, {}}) ==
          "-2 help is one line that says what is counted");
    CHECK(crm.define(counter("a_total", {"le"})) == "-2 no label may be named \"le\"");
    CHECK(crm.define(counter("a_total", {"__a"})) == "-2 no label may be named \"__a\"");
    CHECK(crm.define(counter("a_total", {"a", "b", "a"})) == "-2 the label a is there twice");
    CHECK(crm.define(counter("a_total", {"a", "b", "c", "d", "e"})) == "-2 there are at most 4 labels");
    CHECK(crm.define(histogram("x", {})) == "-2 a histogram has bounds, and nothing else has");
    CHECK(crm.define({GW_METRIC_GAUGE, "x", "help", {}, {1}}) ==
          "-2 a histogram has bounds, and nothing else has");
    CHECK(crm.define(histogram("x", {1, 1})) == "-2 bounds are finite and ascend");
    CHECK(crm.define(histogram("x", std::vector<double>(33, 1))) == "-2 there are at most 32 bounds");
    CHECK(lines(registry).empty());

    for (size_t i = 0; i < max_metrics_per_plugin; ++i)
        REQUIRE(crm.define(gauge(("g" + std::to_string(i)).c_str())).empty());
    CHECK(crm.define(gauge("one_more")) == "-9 a plugin has at most 64 metrics");
    CHECK(crm.define(gauge("g0")).empty());  // it has that already
}

TEST_CASE("promised names belong to stages") {
    MetricRegistry registry;
    Plugin ticket(&registry, "ticket", GW_STAGE_TICKETS);
    Plugin group(&registry, "group", GW_STAGE_GROUPS);
    Plugin other(&registry, "other");
    CHECK(ticket.define({GW_METRIC_GAUGE, "gateway_tickets", "help", {"state"}, {}}).empty());
    ticket.series({"open"})->set(3);
    CHECK(ticket.define(histogram("gateway_ticket_wait_seconds", {1})).empty());
    CHECK(group.define(gauge("gateway_groups")).empty());
    const std::string not_its = "-3 that name does not belong to the plugin's stage";
    CHECK(group.define(gauge("gateway_tickets_waiting")) == not_its);
    CHECK(other.define(gauge("gateway_groups")) == not_its);
    CHECK(other.define(gauge("gateway_connections")) == not_its);
    CHECK(ticket.define(counter("gateway_connections_accepted_total")) == not_its);
    CHECK(lines(registry) == Lines{"gateway_tickets{open,} = 3"});

    // Two plugins whose names look the same in /metrics.
    Plugin a(&registry, "a-b");
    Plugin b(&registry, "a_b");
    CHECK(a.define(gauge("x")).empty());
    CHECK(b.define(gauge("x")) == "-3 the plugin a-b has this name");
}

TEST_CASE("series have a limit, and values a form") {
    MetricRegistry registry;
    Plugin crm(&registry, "crm");
    REQUIRE(crm.define(counter("a_total", {"x"})).empty());
    CHECK((crm.series({}) == nullptr));
    CHECK(crm.code == GW_E_ARG);
    CHECK((crm.series({"a", "b"}) == nullptr));
    CHECK((crm.series({std::string(129, 'a')}) == nullptr));
    CHECK((crm.series({"\xFF"}) == nullptr));
    CHECK(crm.code == GW_E_ARG);
    for (size_t i = 0; i < max_series_per_metric; ++i)
        REQUIRE((crm.series({std::to_string(i)}) != nullptr));
    CHECK((crm.series({"one more"}) == nullptr));
    CHECK(crm.code == GW_E_LIMIT);
    CHECK((crm.series({"7"}) != nullptr));
}

TEST_CASE("generations of a plugin count in the same series; what is defined otherwise is shown anew") {
    MetricRegistry registry;
    Plugin g(&registry, "crm");
    REQUIRE(g.define(gauge("x")).empty());
    REQUIRE(g.define(counter("lookups_total")).empty());
    MetricSeries* const old = g.series();
    old->add(5);

    Plugin g1(&registry, "crm");
    REQUIRE(g1.define(counter("lookups_total")).empty());
    CHECK(g1.series() == old);
    g1.series()->add(2);
    CHECK(lines(registry) == Lines{"gateway_plugin_crm_lookups_total{} = 7"});
    Plugin failed(&registry, "crm");
    REQUIRE(failed.define(counter("lookups_total", {"result"})).empty());
    failed.series({"hit"});
    CHECK(failed.define(counter("lookups_total")) == "");
    registry.forget(&failed);
    registry.destroyed(&failed);
    CHECK(lines(registry) == Lines{"gateway_plugin_crm_lookups_total{} = 7"});

    registry.forget(&g);
    old->add(1);  // destroy may still count
    registry.destroyed(&g);
    CHECK(lines(registry) == Lines{"gateway_plugin_crm_lookups_total{} = 8"});
    registry.forget(&g1);
    CHECK(lines(registry).empty());
    old->add(1);
    registry.destroyed(&g1);
    CHECK(registry.snapshot().empty());
}

TEST_CASE("threads count what is read meanwhile, and nothing is lost") {
    MetricRegistry registry;
    Plugin crm(&registry, "crm");
    REQUIRE(crm.define(counter("a_total", {"x"})).empty());
    gw_metric* const counted = crm.metric;
    REQUIRE(crm.define(histogram("h", {1})).empty());
    gw_metric* const measured = crm.metric;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            gw_series* own = nullptr;
            gw_series* shared = nullptr;
            gw_series* samples = nullptr;
            MetricRegistry::series(counted, {std::to_string(t)}, &own);
            MetricRegistry::series(counted, {"all"}, &shared);
            MetricRegistry::series(measured, {}, &samples);
            for (int i = 0; i < 5000; ++i) {
                reinterpret_cast<MetricSeries*>(own)->add(1);
                reinterpret_cast<MetricSeries*>(shared)->add(1);
                reinterpret_cast<MetricSeries*>(samples)->observe(i % 3);
            }
        });
    }
    for (int i = 0; i < 100; ++i)
        CHECK(registry.snapshot().size() == 2);
    for (std::thread& thread : threads)
        thread.join();
    const std::vector<PluginMetric> all = registry.snapshot();
    REQUIRE(all.size() == 2);
    for (const PluginMetric::Series& series : all[0].series)
        CHECK(series.value == (series.values[0] == "all" ? 20'000 : 5000));
    const PluginMetric::Series& samples = all[1].series.at(0);
    CHECK(samples.buckets[0] + samples.buckets[1] == 20'000);
    CHECK(samples.value == 4 * (1667 * 1 + 1666 * 2));
}

}  // namespace
}  // namespace gatewayd
