#include "core/gateway_options.h"

#include <string>

namespace gatewayd {
namespace {

CidrList trusted_proxies(const WscSettings& wsc) {
    CidrList list;
    std::string why;
    for (const std::string& text : wsc.trusted_proxies) {
        if (const auto network = Cidr::parse(text, &why))
            list.push_back(*network);  // checked when it was read
    }
    return list;
}

}  // namespace

NetOptions net_options(const Settings& settings) {
    const WscSettings& wsc = settings.wsc;
    const PerformanceSettings& performance = wsc.performance;
    NetOptions options;
    options.heartbeat_interval_ms = wsc.heartbeat_interval_s * 1000;
    options.client_timeout_ms = wsc.client_timeout_s * 1000;
    options.handshake_timeout_ms = performance.handshake_timeout_s * 1000;
    options.write_stall_timeout_ms = performance.write_stall_timeout_s * 1000;
    options.max_connections = performance.max_connections_per_node;
    options.max_connections_per_address = performance.max_connections_per_address;
    options.max_queue_messages = wsc.message_buffer_size;
    options.max_queue_bytes = performance.max_queue_size_kb * size_t{1024};
    options.max_message_bytes = wsc.security.max_message_size_kb * size_t{1024};
    options.max_request_head_bytes = performance.max_request_head_size_kb * size_t{1024};
    options.max_fragments = performance.max_fragments;
    options.max_inbound_bytes = performance.max_inbound_memory_mb * size_t{1024} * 1024;
    options.max_outbound_bytes = performance.max_outbound_memory_mb * size_t{1024} * 1024;
    options.read_buffer_bytes = performance.read_buffer_size_kb * size_t{1024};
    options.write_buffer_bytes = performance.write_buffer_size_kb * size_t{1024};
    options.reactor_buffer_bytes = performance.reactor_buffer_size_kb * size_t{1024};
    options.slow_client = static_cast<SlowClientAction>(performance.slow_client);
    options.trusted_proxies = trusted_proxies(wsc);
    options.proxy_header = wsc.proxy_header;
    options.deflate.enabled = performance.enable_compression;
    options.deflate.context_takeover = performance.compression_context_takeover;
    options.deflate.level = static_cast<int>(performance.compression_level);
    options.deflate.window_bits = static_cast<int>(performance.compression_window_bits);
    options.deflate.threshold_bytes = performance.compression_threshold_bytes;
    options.deflate.max_memory_bytes = performance.max_compression_memory_mb * size_t{1024} * 1024;
    return options;
}

HttpClientOptions http_options(const HttpClientSettings& settings) {
    HttpClientOptions options;
    options.ca_file = settings.ca_file;
    options.max_connections = settings.max_connections;
    options.max_connections_per_origin = settings.max_connections_per_origin;
    options.max_requests_per_plugin = settings.max_requests_per_plugin;
    options.max_memory_bytes = settings.max_memory_mb * uint64_t{1024} * 1024;
    return options;
}

}  // namespace gatewayd
