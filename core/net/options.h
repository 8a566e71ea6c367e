// What the network core is told; the gateway makes it from the configuration. Constant after start.
#ifndef GATEWAYD_CORE_NET_OPTIONS_H
#define GATEWAYD_CORE_NET_OPTIONS_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/cidr.h"
#include "core/base/counters.h"
#include "core/base/proxy_header.h"

namespace gatewayd {

// permessage-deflate, RFC 7692.
struct DeflateOptions {
    bool enabled = false;
    bool context_takeover = false;
    int level = 1;
    int window_bits = 15;                          // 9 to 15
    size_t threshold_bytes = 512;                  // smaller messages stay plain
    size_t max_memory_bytes = 64UL * 1024 * 1024;  // of kept contexts, of the whole node
};

struct NetOptions {
    uint32_t heartbeat_interval_ms = 30'000;
    uint32_t client_timeout_ms = 90'000;
    uint32_t handshake_timeout_ms = 10'000;
    uint32_t write_stall_timeout_ms = 30'000;
    uint32_t close_timeout_ms = 5'000;   // from our close frame, or the last byte taken, to the client's
    uint32_t linger_timeout_ms = 2'000;  // from our end of the stream to the client's
    uint32_t max_connections = 10'000;   // of the whole node
    uint32_t max_connections_per_address = 0;
    uint32_t max_queue_messages = 256;  // waiting after the socket refused more
    size_t max_queue_bytes = 4096UL * 1024;
    size_t max_message_bytes = 1024UL * 1024;
    size_t max_request_head_bytes = 8UL * 1024;
    uint32_t max_fragments = 131'072;
    size_t max_inbound_bytes = 256UL * 1024 * 1024;    // of the whole node
    size_t max_outbound_bytes = 1024UL * 1024 * 1024;  // of the whole node
    size_t read_buffer_bytes = 4UL * 1024;
    size_t write_buffer_bytes = 4UL * 1024;
    size_t reactor_buffer_bytes = 512UL * 1024;
    size_t max_mailbox_letters = 65'536;
    size_t max_mailbox_bytes = 64UL * 1024 * 1024;  // of the messages in those letters
    SlowClientAction slow_client = SlowClientAction::disconnect;
    CidrList trusted_proxies;
    ProxyHeader proxy_header = ProxyHeader::x_forwarded_for;  // how those say who their client is
    DeflateOptions deflate;
};

}  // namespace gatewayd

#endif
