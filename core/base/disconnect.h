// Why a connection ended, and the close codes of RFC 6455 section 7.4.1. The names are what operators see in
// the log and in metrics, and plugins in client.disconnected.
#ifndef GATEWAYD_CORE_BASE_DISCONNECT_H
#define GATEWAYD_CORE_BASE_DISCONNECT_H

#include <cstdint>

namespace gatewayd {

enum class DisconnectReason : uint8_t {
    client_close,     // the client sent a close frame
    connection_lost,  // the TCP connection ended without one
    timeout,          // no frame for client_timeout
    kicked,           // by an operator, a back end or a plugin
    replaced,         // the same user connected the same client_id again
    slow_client,      // its queue was full, or nothing could be written for write_stall_timeout
    protocol_error,   // broke RFC 6455
    invalid_utf8,     // text that is not UTF-8
    too_big,          // a message over max_message_size or max_fragments
    out_of_memory,    // max_inbound_memory is used up
    plugin_error,     // a plugin failed in a way that the connection cannot survive
    plugin_close,     // a plugin closed it
    server_shutdown,
};
inline constexpr int disconnect_reason_count = 13;

const char* name(DisconnectReason reason);

enum CloseCode : uint16_t {
    close_normal = 1000,
    close_going_away = 1001,
    close_protocol_error = 1002,
    close_unsupported = 1003,
    close_no_status = 1005,  // never on the wire
    close_abnormal = 1006,   // never on the wire
    close_invalid_payload = 1007,
    close_policy = 1008,
    close_too_big = 1009,
    close_internal_error = 1011,
    close_try_again_later = 1013,
};

}  // namespace gatewayd

#endif
