// Status: the outcome of something that can fail in the data plane, without exceptions. Either ok, or a code
// and words that say what is wrong and what to do. Cheap when ok. A value: any thread.
#ifndef GATEWAYD_CORE_BASE_STATUS_H
#define GATEWAYD_CORE_BASE_STATUS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gatewayd {

// Errors that a client's message can meet; wire_name() is the `code` of the error frame (docs/protocol.md).
enum class ErrorCode : uint8_t {
    ok,
    invalid_message,
    unknown_type,
    forbidden,
    user_offline,
    not_found,
    unavailable,
    rate_limited,
    too_large,
    plugin_error,
    conflict,
};

inline constexpr int error_code_count = 11;

const char* wire_name(ErrorCode code);
// Nothing for a word that is none of them.
std::optional<ErrorCode> error_code_of(std::string_view wire_name);

class [[nodiscard]] Status {
   public:
    Status() = default;
    Status(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    bool ok() const { return code_ == ErrorCode::ok; }
    ErrorCode code() const { return code_; }
    const std::string& message() const { return message_; }

   private:
    ErrorCode code_ = ErrorCode::ok;
    std::string message_;
};

}  // namespace gatewayd

#endif
