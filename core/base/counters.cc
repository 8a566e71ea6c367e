#include "core/base/counters.h"

namespace gatewayd {

const char* name(RejectReason reason) {
    switch (reason) {
        case RejectReason::node_full:
            return "node_full";
        case RejectReason::address_full:
            return "address_full";
        case RejectReason::head_too_big:
            return "head_too_big";
        case RejectReason::timeout:
            return "timeout";
        case RejectReason::bad_request:
            return "bad_request";
        case RejectReason::proxy_header:
            return "proxy_header";
        case RejectReason::not_found:
            return "not_found";
        case RejectReason::no_upgrade:
            return "no_upgrade";
        case RejectReason::identity:
            return "identity";
        case RejectReason::conflict:
            return "conflict";
        case RejectReason::plugin:
            return "plugin";
        case RejectReason::plugin_error:
            return "plugin_error";
        case RejectReason::shutdown:
            return "shutdown";
        case RejectReason::connection_lost:
            return "connection_lost";
        case RejectReason::tls_handshake:
            return "tls_handshake";
    }
    return "unknown";
}

const char* name(TypeClass type_class) {
    switch (type_class) {
        case TypeClass::message:
            return "message";
        case TypeClass::ping:
            return "ping";
        case TypeClass::reserved:
            return "reserved";
        case TypeClass::binary:
            return "binary";
        case TypeClass::invalid:
            return "invalid";
    }
    return "unknown";
}

const char* name(SlowClientAction action) {
    switch (action) {
        case SlowClientAction::disconnect:
            return "disconnect";
        case SlowClientAction::drop_oldest:
            return "drop_oldest";
        case SlowClientAction::drop_newest:
            return "drop_newest";
    }
    return "unknown";
}

}  // namespace gatewayd
