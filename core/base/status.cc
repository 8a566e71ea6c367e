#include "core/base/status.h"

namespace gatewayd {

const char* wire_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::ok:
            return "ok";
        case ErrorCode::invalid_message:
            return "invalid_message";
        case ErrorCode::unknown_type:
            return "unknown_type";
        case ErrorCode::forbidden:
            return "forbidden";
        case ErrorCode::user_offline:
            return "user_offline";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::rate_limited:
            return "rate_limited";
        case ErrorCode::too_large:
            return "too_large";
        case ErrorCode::plugin_error:
            return "plugin_error";
        case ErrorCode::conflict:
            return "conflict";
    }
    return "unknown";
}

std::optional<ErrorCode> error_code_of(std::string_view name) {
    for (int code = 0; code < error_code_count; ++code) {
        if (name == wire_name(static_cast<ErrorCode>(code))) return static_cast<ErrorCode>(code);
    }
    return std::nullopt;
}

}  // namespace gatewayd
