// The ground of the C++ SDK: text views, errors as exceptions, and the border that no exception passes.
#ifndef GATEWAY_SDK_BASE_HPP
#define GATEWAY_SDK_BASE_HPP

#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "gateway/host.h"
#include "gateway/plugin.h"

// Nothing of the SDK is ever exported: two plugins built with different versions of it must not meet.
#if defined(__GNUC__)
#define GATEWAY_SDK_HIDDEN __attribute__((visibility("hidden")))
#else
#define GATEWAY_SDK_HIDDEN
#endif

namespace gateway GATEWAY_SDK_HIDDEN {

inline gw_str to_gw(std::string_view text) {
    return gw_str{text.data(), text.size()};
}
inline std::string_view to_view(gw_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, static_cast<size_t>(text.len));
}

// What a host function refused, or what a plugin cannot go on with. Thrown out of a hook it is logged and
// becomes the hook's error, so `on_error` of the YAML decides.
class Error : public std::runtime_error {
   public:
    explicit Error(const std::string& what, int32_t code = GW_E_FAIL)
        : std::runtime_error(what), code_(code) {}
    int32_t code() const { return code_; }

   private:
    int32_t code_;
};

inline const char* error_name(int32_t code) {
    switch (code) {
        case GW_E_ARG:
            return "not valid";
        case GW_E_STATE:
            return "not allowed now";
        case GW_E_STALE:
            return "over";
        case GW_E_TIMEOUT:
            return "timed out";
        case GW_E_CANCELLED:
            return "cancelled";
        case GW_E_VERDICT:
            return "no verdict";
        case GW_E_NOTFOUND:
            return "not found";
        case GW_E_LIMIT:
            return "over a limit of the gateway";
        default:
            return "failed";
    }
}

// Throws unless code is one of success.
inline int32_t check(int32_t code, const char* function, std::string_view about = {}) {
    if (code >= 0) return code;
    throw Error(std::string(function) + "(" + std::string(about) + "): " + error_name(code), code);
}

// A function of the host's table, which may be null in a host that does not offer it.
template <typename Function>
Function* offered(Function* function, const char* name) {
    if (function == nullptr) throw Error(std::string("this gatewayd does not offer ") + name, GW_E_STATE);
    return function;
}

namespace detail {

// Copies text into err->message, cut at the start of a character.
inline void set_error(gw_error* err, int32_t code, const char* text) noexcept {
    if (err == nullptr) return;
    err->code = code;
    size_t length = 0;
    while (length + 1 < sizeof(err->message) && text[length] != '\0')
        ++length;
    if (text[length] != '\0') {
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
            --length;
    }
    for (size_t i = 0; i < length; ++i)
        err->message[i] = text[i];
    err->message[length] = '\0';
}

inline void log_exception(const gw_host* host, gw_inst* inst, const char* hook, const char* what) noexcept {
    char text[512];
    const int length = std::snprintf(text, sizeof(text), "exception in %s: %s", hook, what);
    if (length < 0 || host == nullptr || host->log == nullptr) return;
    const size_t written =
        static_cast<size_t>(length) < sizeof(text) ? static_cast<size_t>(length) : sizeof(text) - 1;
    host->log(inst, GW_LOG_ERROR, gw_str{text, written});
}

// Runs a hook; an exception is logged and becomes GW_E_FAIL.
template <typename Hook>
int32_t guarded(const gw_host* host, gw_inst* inst, const char* name, Hook&& hook) noexcept {
    try {
        return hook();
    } catch (const std::exception& failure) {
        log_exception(host, inst, name, failure.what());
    } catch (...) {
        log_exception(host, inst, name, "not a std::exception");
    }
    return GW_E_FAIL;
}

// The same for create and start, whose errors go into *err.
template <typename Hook>
int32_t guarded(gw_error* err, Hook&& hook) noexcept {
    try {
        hook();
        return GW_OK;
    } catch (const Error& failure) {
        const int32_t code = failure.code() < 0 ? failure.code() : GW_E_FAIL;
        set_error(err, code, failure.what());
        return code;
    } catch (const std::exception& failure) {
        set_error(err, GW_E_FAIL, failure.what());
    } catch (...) {
        set_error(err, GW_E_FAIL, "an exception that is not a std::exception");
    }
    return GW_E_FAIL;
}

}  // namespace detail
}  // namespace GATEWAY_SDK_HIDDEN

#endif
