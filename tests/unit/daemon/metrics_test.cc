#include "gatewayd/admin/metrics.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace gatewayd;
using admin::metrics_text;
using admin::MetricsSource;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the reactors' counters are added up") {
    const auto first = std::make_unique<ReactorCounters>();
    const auto second = std::make_unique<ReactorCounters>();
    first->net.accepted.add(3);
    second->net.accepted.add(4);
    first->session.connected_by_type[1].add(2);
    second->session.connected_by_type[1].add(1);
    first->net.rejected[static_cast<size_t>(RejectReason::node_full)].add(5);
    second->session.disconnected[static_cast<size_t>(DisconnectReason::kicked)].add(6);
    first->session.received[static_cast<size_t>(TypeClass::ping)].add(7);
    first->net.slow_client[static_cast<size_t>(SlowClientAction::drop_oldest)].add(8);
    second->net.messages_sent.add(9);
    second->net.queued_bytes.add(10);

    MetricsSource source;
    source.reactors = {first.get(), second.get()};
    source.user_types = {"customer", "agent"};
    source.version = "9.8.7";
    source.plugins.resize(1);
    source.plugins[0].name = "audit";
    source.plugins[0].totals.errors = 11;
    CHECK(metrics_text(source).find("gateway_plugin_http") == std::string::npos);
    source.http.plugins.resize(1);
    source.http.plugins[0].plugin = "moderate";
    source.http.plugins[0].requests[static_cast<size_t>(HttpOutcome::timeout)] = 12;
    source.http.plugins[0].refused = 13;
    source.http.plugins[0].in_flight = 14;
    source.http.idle_connections = 15;
    const std::string text = metrics_text(source);
    for (const char* line : {"gateway_connections_accepted_total 7",
                             "gateway_connections{user_type=\"customer\"} 0",
                             "gateway_connections{user_type=\"agent\"} 3",
                             "gateway_connections_rejected_total{reason=\"node_full\"} 5",
                             "gateway_disconnects_total{reason=\"kicked\"} 6",
                             "gateway_messages_received_total{type_class=\"ping\"} 7",
                             "gateway_slow_client_total{action=\"drop_oldest\"} 8",
                             "gateway_messages_sent_total 9",
                             "gateway_bytes_received_total 0",
                             "gateway_bytes_sent_total 0",
                             "gateway_send_queue_bytes 10",
                             "gateway_plugin_errors_total{plugin=\"audit\"} 11",
                             "gateway_build_info{version=\"9.8.7\"} 1",
                             "gateway_plugin_http_requests_total{plugin=\"moderate\",outcome=\"timeout\"} 12",
                             "gateway_plugin_http_requests_total{plugin=\"moderate\",outcome=\"ok\"} 0",
                             "gateway_plugin_http_refused_total{plugin=\"moderate\"} 13",
                             "gateway_plugin_http_requests_in_flight{plugin=\"moderate\"} 14",
                             "gateway_plugin_http_connections{state=\"idle\"} 15",
                             "gateway_plugin_http_connections{state=\"busy\"} 0",
                             "# TYPE gateway_connections gauge",
                             "# TYPE gateway_connections_accepted_total counter",
                             "# TYPE gateway_delivery_seconds histogram"}) {
        CAPTURE(line);
        CHECK(has_line("\n" + text, line));
    }
}

TEST_CASE("the delivery histogram is cumulative and its last bucket is its count") {
    const auto counters = std::make_unique<ReactorCounters>();
    counters->session.delivery[0].add(3);
    counters->session.delivery[2].add(4);
    counters->session.delivery[delivery_bounds_s.size()].add(5);
    counters->session.delivery_sum_us.add(2'500'000);
    MetricsSource source;
    source.reactors = {counters.get()};
    const std::string text = metrics_text(source);
    CHECK(has_line(text, "gateway_delivery_seconds_bucket{le=\"0.0001\"} 3"));
    CHECK(has_line(text, "gateway_delivery_seconds_bucket{le=\"0.00025\"} 3"));
    CHECK(has_line(text, "gateway_delivery_seconds_bucket{le=\"0.0005\"} 7"));
    CHECK(has_line(text, "gateway_delivery_seconds_bucket{le=\"1\"} 7"));
    CHECK(has_line(text, "gateway_delivery_seconds_bucket{le=\"+Inf\"} 12"));
    CHECK(has_line(text, "gateway_delivery_seconds_count 12"));
    CHECK(has_line(text, "gateway_delivery_seconds_sum 2.5"));
}

TEST_CASE("a plugin's metrics: calls, durations, deferrals; budgets only where there are some") {
    MetricsSource source;
    source.plugins.resize(2);
    source.plugins[0].name = "quick";
    source.plugins[1].name = "slow";
    PluginTotals& quick = source.plugins[0].totals;
    HookTotals& hook = quick.hooks[static_cast<size_t>(Hook::delivery)];
    hook.calls = 640;
    hook.timed_calls = 10;
    hook.timed[1] = 9;
    hook.timed[call_bounds_ns.size()] = 1;
    hook.timed_ns = 1'500'000'000;
    quick.deferred = 9;
    quick.resumed = 3;
    quick.cancelled = 2;
    std::string text = metrics_text(source);
    for (const char* line :
         {R"(gateway_plugin_calls_total{plugin="quick",hook="intercept_delivery"} 640)",
          R"(gateway_plugin_duration_seconds_count{plugin="quick",hook="intercept_delivery"} 10)",
          R"(gateway_plugin_duration_seconds_sum{plugin="quick",hook="intercept_delivery"} 1.5)",
          R"(gateway_plugin_duration_seconds_bucket{plugin="quick",hook="intercept_delivery",le="1e-07"} 0)",
          R"(gateway_plugin_duration_seconds_bucket{plugin="quick",hook="intercept_delivery",le="0.25"} 9)",
          R"(gateway_plugin_duration_seconds_bucket{plugin="quick",hook="intercept_delivery",le="+Inf"} 10)",
          R"(gateway_plugin_deferred{plugin="quick"} 4)", R"(gateway_plugin_deferred{plugin="slow"} 0)",
          R"(gateway_plugin_deferred_total{plugin="quick"} 9)",
          R"(gateway_plugin_deferral_ends_total{plugin="quick",how="cancelled"} 2)"}) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
    CHECK(text.find("gateway_plugin_breaker") == std::string::npos);
    CHECK(text.find("hook=\"attach\"") == std::string::npos);
    source.plugins[1].hooks = 1U << static_cast<uint32_t>(Hook::attach);
    CHECK(has_line(metrics_text(source), R"(gateway_plugin_calls_total{plugin="slow",hook="attach"} 0)"));

    source.plugins[1].has_budget = true;
    source.plugins[1].breaker = BreakerState::open;
    source.plugins[1].breaker_opened = 2;
    source.plugins[1].totals.overruns = 21;
    source.plugins[1].totals.refused = 6;
    text = metrics_text(source);
    for (const char* line : {R"(gateway_plugin_breaker_state{plugin="slow"} 2)",
                             R"(gateway_plugin_breaker_opened_total{plugin="slow"} 2)",
                             R"(gateway_plugin_overruns_total{plugin="slow"} 21)",
                             R"(gateway_plugin_held_off_total{plugin="slow",action="reject"} 6)"}) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
    CHECK(text.find(R"(gateway_plugin_overruns_total{plugin="quick"})") == std::string::npos);
}

TEST_CASE("metrics of plugins' own stand as they are, with HELP and TYPE") {
    MetricsSource source;
    source.plugin_metrics = {
        {GW_METRIC_COUNTER,
         "gateway_plugin_crm_lookups_total",
         "Names.",
         {"result"},
         {},
         {{{"a\"b"}, 3, {}}}},
        {GW_METRIC_GAUGE, "gateway_tickets", "Tickets.", {}, {}, {{{}, -1.5, {}}}},
        {GW_METRIC_HISTOGRAM, "gateway_ticket_wait_seconds", "Waiting.", {}, {1, 10}, {{{}, 14, {2, 1, 1}}}},
    };
    const std::string text = "\n" + metrics_text(source);
    for (const char* line :
         {"# HELP gateway_plugin_crm_lookups_total Names.", "# TYPE gateway_plugin_crm_lookups_total counter",
          "gateway_plugin_crm_lookups_total{result=\"a\\\"b\"} 3", "# TYPE gateway_tickets gauge",
          "gateway_tickets -1.5", "gateway_ticket_wait_seconds_bucket{le=\"1\"} 2",
          "gateway_ticket_wait_seconds_bucket{le=\"10\"} 3",
          "gateway_ticket_wait_seconds_bucket{le=\"+Inf\"} 4", "gateway_ticket_wait_seconds_count 4",
          "gateway_ticket_wait_seconds_sum 14"}) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
}
