// This and plugin_metrics.* alone see prometheus-cpp.
#include "gatewayd/admin/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "gatewayd/admin/plugin_metrics.h"

namespace gatewayd::admin {
namespace {

class Families final : public prometheus::Collectable {
   public:
    explicit Families(const MetricsSource& source) : source_(source) {}

    std::vector<MetricFamily> Collect() const override {
        std::vector<MetricFamily> all;
        add_connections(&all);
        add_tls(&all);
        add_messages(&all);
        add_compression(&all);
        add_delivery(&all);
        add_plugin_metrics(source_.plugins, &all);
        add_guard(&all);
        add_http(&all);
        add_process(&all);
        for (const PluginMetric& metric : source_.plugin_metrics) {
            if (!metric.series.empty()) all.push_back(family_of(metric));  // else nothing was counted yet
        }
        return all;
    }

   private:
    // The sum over all reactors of what `pick` finds in one.
    template <typename Pick>
    double sum(Pick pick) const {
        uint64_t total = 0;
        for (const ReactorCounters* reactor : source_.reactors)
            total += pick(*reactor).get();
        return static_cast<double>(total);
    }

    // One value for each member of an enum that has a name().
    template <typename Enum, typename Pick>
    MetricFamily by_enum(const char* name_of_family, const char* help, const char* label, int count,
                         Pick pick) const {
        MetricFamily made = family(MetricType::Counter, name_of_family, help);
        for (int i = 0; i < count; ++i) {
            const double value = sum([&](const ReactorCounters& r) -> const Counter& { return pick(r)[i]; });
            add_value(&made, value, {{label, name(static_cast<Enum>(i))}});
        }
        return made;
    }

    void add_connections(std::vector<MetricFamily>* all) const {
        MetricFamily connections =
            family(MetricType::Gauge, "gateway_connections", "Identified connections now.");
        const size_t types = std::min(source_.user_types.size(), max_user_types);
        for (size_t i = 0; i < types; ++i) {
            add_value(&connections,
                      sum([i](const ReactorCounters& r) -> auto& { return r.session.connected_by_type[i]; }),
                      {{"user_type", source_.user_types[i]}});
        }
        all->push_back(std::move(connections));
        all->push_back(single(MetricType::Counter, "gateway_connections_accepted_total",
                              "TCP connections accepted.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.accepted; })));
        all->push_back(by_enum<RejectReason>(
            "gateway_connections_rejected_total", "Connections refused before the upgrade.", "reason",
            reject_reason_count, [](const ReactorCounters& r) -> auto& { return r.net.rejected; }));
        all->push_back(by_enum<DisconnectReason>(
            "gateway_disconnects_total", "Identified connections that ended.", "reason",
            disconnect_reason_count,
            [](const ReactorCounters& r) -> auto& { return r.session.disconnected; }));
        all->push_back(single(MetricType::Counter, "gateway_accept_errors_total",
                              "Times that accept failed, as when files run out.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.accept_errors; })));
    }

    // Without TLS on the listener there is nothing to say.
    void add_tls(std::vector<MetricFamily>* all) const {
        if (source_.certificates.empty()) return;
        MetricFamily open = family(MetricType::Gauge, "gateway_tls_connections", "TLS connections now.");
        MetricFamily done = family(MetricType::Counter, "gateway_tls_handshakes_total",
                                   "TLS handshakes; resumed ones went on with an old session.");
        for (int i = 1; i < tls_version_count; ++i) {
            const char* version = name(static_cast<TlsVersion>(i));
            const auto at = static_cast<size_t>(i);
            add_value(&open, sum([at](const ReactorCounters& r) -> auto& { return r.net.tls_open[at]; }),
                      {{"version", version}});
            add_value(&done, sum([at](const ReactorCounters& r) -> auto& { return r.net.tls_full[at]; }),
                      {{"version", version}, {"resumed", "false"}});
            add_value(&done, sum([at](const ReactorCounters& r) -> auto& { return r.net.tls_resumed[at]; }),
                      {{"version", version}, {"resumed", "true"}});
        }
        all->push_back(std::move(open));
        all->push_back(std::move(done));
        all->push_back(single(MetricType::Counter, "gateway_tls_handshake_failures_total",
                              "TLS handshakes that failed, and plain HTTP on the TLS port.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.tls_failed; })));
        MetricFamily expiry = family(MetricType::Gauge, "gateway_tls_certificate_expiry_seconds",
                                     "When the certificate expires, since 1970.");
        for (const TlsCertificateInfo& certificate : source_.certificates)
            add_value(&expiry, static_cast<double>(certificate.not_after_s),
                      {{"certificate", certificate.name}});
        all->push_back(std::move(expiry));
    }

    void add_messages(std::vector<MetricFamily>* all) const {
        all->push_back(by_enum<TypeClass>(
            "gateway_messages_received_total", "Messages from clients.", "type_class", type_class_count,
            [](const ReactorCounters& r) -> auto& { return r.session.received; }));
        all->push_back(single(MetricType::Counter, "gateway_messages_sent_total",
                              "Messages queued for one recipient each.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.messages_sent; })));
        all->push_back(single(MetricType::Counter, "gateway_bytes_received_total",
                              "Bytes read from client sockets.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.bytes_received; })));
        all->push_back(single(MetricType::Counter, "gateway_bytes_sent_total",
                              "Bytes written to client sockets.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.bytes_sent; })));
        all->push_back(single(MetricType::Gauge, "gateway_send_queue_bytes",
                              "Bytes waiting for client sockets to take them.",
                              sum([](const ReactorCounters& r) -> auto& { return r.net.queued_bytes; })));
        all->push_back(by_enum<SlowClientAction>(
            "gateway_slow_client_total", "What was done to clients whose queue was full.", "action",
            slow_client_action_count, [](const ReactorCounters& r) -> auto& { return r.net.slow_client; }));
        all->push_back(
            single(MetricType::Counter, "gateway_deliveries_dropped_total",
                   "Messages that a plugin's delivery hook, or its error, kept from one recipient.",
                   sum([](const ReactorCounters& r) -> auto& { return r.session.deliveries_dropped; })));
        all->push_back(single(MetricType::Counter, "gateway_mailbox_lost_total",
                              "Messages that one reactor had for another, whose mailbox was full.",
                              sum([](const ReactorCounters& r) -> auto& { return r.session.mailbox_lost; })));
    }

    using CompressionCounter = Counter CompressionCounters::*;
    double compression(CompressionCounter counter) const {
        return sum([&](const ReactorCounters& r) -> auto& { return r.net.compression.*counter; });
    }
    MetricFamily compression_both_ways(const char* name_of_family, const char* help, CompressionCounter in,
                                       CompressionCounter out) const {
        MetricFamily made = family(MetricType::Counter, name_of_family, help);
        add_value(&made, compression(in), {{"direction", "in"}});
        add_value(&made, compression(out), {{"direction", "out"}});
        return made;
    }

    void add_compression(std::vector<MetricFamily>* all) const {
        using C = CompressionCounters;
        all->push_back(single(MetricType::Gauge, "gateway_compression_connections",
                              "Connections that negotiated permessage-deflate, now.",
                              compression(&C::connections)));
        all->push_back(single(MetricType::Gauge, "gateway_compression_memory_bytes",
                              "What the contexts that connections keep may take, of max_compression_memory.",
                              compression(&C::context_bytes)));
        all->push_back(compression_both_ways("gateway_compression_messages_total",
                                             "Compressed messages; going out, for one recipient each.",
                                             &C::messages_in, &C::messages_out));
        all->push_back(compression_both_ways("gateway_compression_plain_bytes_total",
                                             "What compressed messages are when they are not compressed.",
                                             &C::plain_bytes_in, &C::plain_bytes_out));
        all->push_back(compression_both_ways("gateway_compression_wire_bytes_total",
                                             "What compressed messages are on the wire, without headers.",
                                             &C::wire_bytes_in, &C::wire_bytes_out));
        all->push_back(single(MetricType::Counter, "gateway_compression_runs_total",
                              "Messages compressed, for any number of recipients each.",
                              compression(&C::runs)));
        MetricFamily refused = family(MetricType::Counter, "gateway_compression_refused_total",
                                      "Compressed messages that closed their connection.");
        add_value(&refused, compression(&C::too_big), {{"reason", "too_big"}});
        add_value(&refused, compression(&C::broken), {{"reason", "broken"}});
        all->push_back(std::move(refused));
    }

    void add_delivery(std::vector<MetricFamily>* all) const {
        MetricFamily made = family(MetricType::Histogram, "gateway_delivery_seconds",
                                   "From the turn that read a message to its end, when it was written.");
        ClientMetric metric;
        uint64_t below = 0;
        for (size_t i = 0; i <= delivery_bounds_s.size(); ++i) {
            for (const ReactorCounters* reactor : source_.reactors)
                below += reactor->session.delivery[i].get();
            const double bound =
                i < delivery_bounds_s.size() ? delivery_bounds_s[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back({below, bound});
        }
        metric.histogram.sample_count = below;
        metric.histogram.sample_sum =
            sum([](const ReactorCounters& r) -> auto& { return r.session.delivery_sum_us; }) / 1e6;
        made.metric.push_back(std::move(metric));
        all->push_back(std::move(made));
    }

    // What the watchdog and the record of crashes know.
    void add_guard(std::vector<MetricFamily>* all) const {
        all->push_back(single(MetricType::Gauge, "gateway_reactor_stuck",
                              "Threads that are busy with one thing for longer than plugins.watchdog, now.",
                              static_cast<double>(source_.stats.stuck_now)));
        all->push_back(single(MetricType::Counter, "gateway_reactor_stuck_total",
                              "How often a thread was found stuck, in plugins and outside.",
                              static_cast<double>(source_.stats.stuck_total)));
        MetricFamily stuck = family(MetricType::Counter, "gateway_plugin_stuck_total",
                                    "How often a plugin was found to hold a thread up.");
        MetricFamily crashes = family(MetricType::Gauge, "gateway_plugin_crashes",
                                      "Crashes in a row on account of the plugin's file, before this start.");
        MetricFamily skipped = family(MetricType::Gauge, "gateway_plugin_skipped",
                                      "1: the gateway runs without this plugin, which is configured.");
        for (const PluginStatus& plugin : source_.plugins) {
            add_value(&stuck, static_cast<double>(plugin.stuck), {{"plugin", plugin.name}});
            add_value(&crashes, plugin.crashes, {{"plugin", plugin.name}});
            add_value(&skipped, plugin.loaded ? 0 : 1, {{"plugin", plugin.name}});
        }
        for (MetricFamily* made : {&stuck, &crashes, &skipped})
            all->push_back(std::move(*made));
    }

    // Before a plugin has asked for something there is nothing to say.
    void add_http(std::vector<MetricFamily>* all) const {
        if (source_.http.plugins.empty()) return;
        MetricFamily requests = family(MetricType::Counter, "gateway_plugin_http_requests_total",
                                       "HTTP requests of plugins that have ended.");
        MetricFamily refused = family(MetricType::Counter, "gateway_plugin_http_refused_total",
                                      "HTTP requests of plugins that were over a limit and not begun.");
        MetricFamily in_flight = family(MetricType::Gauge, "gateway_plugin_http_requests_in_flight",
                                        "HTTP requests of plugins that have no answer yet.");
        for (const HttpPluginNumbers& plugin : source_.http.plugins) {
            for (size_t i = 0; i < http_outcome_count; ++i) {
                add_value(&requests, static_cast<double>(plugin.requests[i]),
                          {{"plugin", plugin.plugin}, {"outcome", name(static_cast<HttpOutcome>(i))}});
            }
            add_value(&refused, static_cast<double>(plugin.refused), {{"plugin", plugin.plugin}});
            add_value(&in_flight, static_cast<double>(plugin.in_flight), {{"plugin", plugin.plugin}});
        }
        MetricFamily connections = family(MetricType::Gauge, "gateway_plugin_http_connections",
                                          "Connections of the plugins' HTTP client now.");
        add_value(&connections, static_cast<double>(source_.http.busy_connections), {{"state", "busy"}});
        add_value(&connections, static_cast<double>(source_.http.idle_connections), {{"state", "idle"}});
        for (MetricFamily* one : {&requests, &refused, &in_flight, &connections})
            all->push_back(std::move(*one));
    }

    static MetricFamily family_of(const PluginMetric& metric) {
        const MetricType type = metric.kind == GW_METRIC_COUNTER ? MetricType::Counter
                                : metric.kind == GW_METRIC_GAUGE ? MetricType::Gauge
                                                                 : MetricType::Histogram;
        MetricFamily made = family(type, metric.name.c_str(), metric.help.c_str());
        for (const PluginMetric::Series& series : metric.series) {
            std::vector<ClientMetric::Label> labels;
            for (size_t i = 0; i < metric.labels.size(); ++i)
                labels.push_back({metric.labels[i], series.values[i]});
            if (type != MetricType::Histogram) {
                add_value(&made, series.value, std::move(labels));
                continue;
            }
            ClientMetric line;
            line.label = std::move(labels);
            uint64_t below = 0;
            for (size_t i = 0; i < series.buckets.size(); ++i) {
                below += series.buckets[i];
                line.histogram.bucket.push_back({below, i < metric.bounds.size()
                                                            ? metric.bounds[i]
                                                            : std::numeric_limits<double>::infinity()});
            }
            line.histogram.sample_count = below;
            line.histogram.sample_sum = series.value;
            made.metric.push_back(std::move(line));
        }
        return made;
    }

    void add_process(std::vector<MetricFamily>* all) const {
        MetricFamily info =
            family(MetricType::Gauge, "gateway_build_info", "Always 1; its label is the version.");
        add_value(&info, 1, {{"version", source_.version}});
        all->push_back(std::move(info));
        const auto gauge = [all](const char* name_of_family, const char* help, double value) {
            all->push_back(single(MetricType::Gauge, name_of_family, help, value));
        };
        const ProcessNumbers& process = source_.process;
        all->push_back(single(MetricType::Counter, "process_cpu_seconds_total", "CPU time, user and system.",
                              process.cpu_seconds));
        gauge("process_start_time_seconds", "Start of the process, since 1970.", process.start_time_seconds);
        gauge("process_resident_memory_bytes", "Resident memory.",
              static_cast<double>(process.resident_bytes));
        gauge("process_virtual_memory_bytes", "Virtual memory.", static_cast<double>(process.virtual_bytes));
        gauge("process_open_fds", "Open file descriptors.", static_cast<double>(process.open_files));
        gauge("process_max_fds", "The limit of open file descriptors.",
              static_cast<double>(process.max_open_files));
    }

    const MetricsSource& source_;
};

}  // namespace

std::string metrics_text(const MetricsSource& source) {
    return prometheus::TextSerializer().Serialize(Families(source).Collect());
}

}  // namespace gatewayd::admin
