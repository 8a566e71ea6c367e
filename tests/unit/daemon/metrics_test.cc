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
    source.plugins[0].errors = 11;
    CHECK(metrics_text(source).find("gateway_plugin_http") == std::string::npos);
    source.http.plugins.resize(1);
    source.http.plugins[0].plugin = "moderate";
    source.http.plugins[0].requests[static_cast<size_t>(HttpOutcome::timeout)] = 12;
    source.http.plugins[0].refused = 13;
    source.http.plugins[0].in_flight = 14;
    source.http.idle_connections = 15;
    const std::string text = metrics_text(source);
    for (const char* line :
         {"gateway_connections_accepted_total 7", "gateway_connections{user_type=\"customer\"} 0",
          "gateway_connections{user_type=\"agent\"} 3",
          "gateway_connections_rejected_total{reason=\"node_full\"} 5",
          "gateway_disconnects_total{reason=\"kicked\"} 6",
          "gateway_messages_received_total{type_class=\"ping\"} 7",
          "gateway_slow_client_total{action=\"drop_oldest\"} 8", "gateway_messages_sent_total 9",
          "gateway_bytes_received_total 0", "gateway_bytes_sent_total 0", "gateway_send_queue_bytes 10",
          "gateway_plugin_errors_total{plugin=\"audit\"} 11", "gateway_build_info{version=\"9.8.7\"} 1",
          "gateway_plugin_http_requests_total{plugin=\"moderate\",outcome=\"timeout\"} 12",
          "gateway_plugin_http_requests_total{plugin=\"moderate\",outcome=\"ok\"} 0",
          "gateway_plugin_http_refused_total{plugin=\"moderate\"} 13",
          "gateway_plugin_http_requests_in_flight{plugin=\"moderate\"} 14",
          "gateway_plugin_http_connections{state=\"idle\"} 15", "gateway_plugin_http_connections{state=\"busy\"} 0",
          "# TYPE gateway_connections gauge", "# TYPE gateway_connections_accepted_total counter",
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
