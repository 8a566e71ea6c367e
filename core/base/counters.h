// Counters of one reactor: written by its thread alone, read by any. The admin listener adds them up.
#ifndef GATEWAYD_CORE_BASE_COUNTERS_H
#define GATEWAYD_CORE_BASE_COUNTERS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/disconnect.h"
#include "core/base/tls_version.h"

namespace gatewayd {

// A number with one writer: no locked instruction.
class Counter {
   public:
    void add(uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    // Adds one; what it was before.
    uint64_t next() {
        const uint64_t before = value_.load(std::memory_order_relaxed);
        value_.store(before + 1, std::memory_order_relaxed);
        return before;
    }
    void sub(uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
    }
    uint64_t get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> value_{0};
};

// Why a handshake was refused; the label of gateway_connections_rejected_total.
enum class RejectReason : uint8_t {
    node_full,     // 503
    address_full,  // 503
    head_too_big,  // 431
    timeout,       // 408
    bad_request,   // 400, 405, 413
    proxy_header,  // the PROXY header is missing, broken (no answer) or not expected (400)
    not_found,     // 404
    no_upgrade,    // 426
    identity,      // 400, 403: user_type not allowed, ids not valid
    conflict,      // 409
    plugin,        // whatever the plugin answered
    plugin_error,  // 503
    shutdown,      // 503
    connection_lost,
    tls_handshake,  // 400 when plain HTTP came, else a TLS alert
};
inline constexpr int reject_reason_count = 15;
const char* name(RejectReason reason);

// What a received message was; the label of gateway_messages_received_total.
enum class TypeClass : uint8_t { message, ping, reserved, binary, invalid };
inline constexpr int type_class_count = 5;
const char* name(TypeClass type_class);

enum class SlowClientAction : uint8_t { disconnect, drop_oldest, drop_newest };
inline constexpr int slow_client_action_count = 3;
const char* name(SlowClientAction action);

// Seconds from a turn's start (its messages were read) to its end (they were written), each message counted.
inline constexpr std::array<double, 10> delivery_bounds_s{0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                          0.005,  0.01,    0.05,   0.25,  1.0};

// permessage-deflate. Bytes are of payloads, and only of messages that were compressed.
struct CompressionCounters {
    Counter connections;    // that negotiated it, now
    Counter context_bytes;  // that kept contexts may take, now
    Counter messages_in;
    Counter wire_bytes_in;
    Counter plain_bytes_in;
    Counter messages_out;  // for one recipient each
    Counter plain_bytes_out;
    Counter wire_bytes_out;
    Counter runs;  // of DEFLATE, for any number of recipients
    Counter too_big;
    Counter broken;
};

struct NetCounters {
    Counter accepted;
    Counter open;  // connections now, in any state
    std::array<Counter, reject_reason_count> rejected;
    Counter bytes_received;
    Counter bytes_sent;
    Counter messages_sent;  // queued for one recipient each
    Counter queued_bytes;   // waiting now
    std::array<Counter, slow_client_action_count> slow_client;
    Counter accept_errors;
    // By TlsVersion.
    std::array<Counter, tls_version_count> tls_open;     // connections now
    std::array<Counter, tls_version_count> tls_full;     // handshakes with a key exchange and a signature
    std::array<Counter, tls_version_count> tls_resumed;  // handshakes that went on with an old session
    Counter tls_failed;
    CompressionCounters compression;
};

inline constexpr size_t max_user_types = 16;

struct SessionCounters {
    // Open sessions by the place of their user type in security.allowed_user_types.
    std::array<Counter, max_user_types> connected_by_type;
    Counter opened;
    std::array<Counter, disconnect_reason_count> disconnected;
    std::array<Counter, type_class_count> received;
    Counter deliveries_dropped;  // by a delivery hook or its error
    Counter mailbox_lost;        // messages that another reactor had no room for
    std::array<Counter, delivery_bounds_s.size() + 1> delivery;
    Counter delivery_sum_us;
};

struct ReactorCounters {
    NetCounters net;
    SessionCounters session;
};

}  // namespace gatewayd

#endif
