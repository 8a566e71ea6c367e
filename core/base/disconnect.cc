#include "core/base/disconnect.h"

namespace gatewayd {

const char* name(DisconnectReason reason) {
    switch (reason) {
        case DisconnectReason::client_close:
            return "client_close";
        case DisconnectReason::connection_lost:
            return "connection_lost";
        case DisconnectReason::timeout:
            return "timeout";
        case DisconnectReason::kicked:
            return "kicked";
        case DisconnectReason::replaced:
            return "replaced";
        case DisconnectReason::slow_client:
            return "slow_client";
        case DisconnectReason::protocol_error:
            return "protocol_error";
        case DisconnectReason::invalid_utf8:
            return "invalid_utf8";
        case DisconnectReason::too_big:
            return "too_big";
        case DisconnectReason::out_of_memory:
            return "out_of_memory";
        case DisconnectReason::plugin_error:
            return "plugin_error";
        case DisconnectReason::plugin_close:
            return "plugin_close";
        case DisconnectReason::server_shutdown:
            return "server_shutdown";
    }
    return "unknown";
}

}  // namespace gatewayd
