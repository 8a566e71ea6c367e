#include "core/http/rules.h"

#include <algorithm>

#include "core/base/http_text.h"

namespace gatewayd {
namespace {

constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// Of the connection, or of the body's length: a second opinion about them is how requests are smuggled.
constexpr std::string_view reserved_headers[] = {
    "Host",    "Content-Length", "Transfer-Encoding", "Connection",          "Keep-Alive", "Upgrade", "TE",
    "Trailer", "Expect",         "Proxy-Connection",  "Proxy-Authorization",
};

std::string header_problem(const HttpHeader& header, size_t place) {
    const std::string which = "header " + std::to_string(place + 1);
    if (!is_token(header.name)) return which + " has a name that HTTP does not allow";
    for (const std::string_view reserved : reserved_headers) {
        if (equal_ignoring_case(header.name, reserved))
            return "the header " + std::string(reserved) + " is written by the gateway";
    }
    for (const char c : header.value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F)
            return which + " (" + header.name + ") has a control character in its value";
    }
    return {};
}

std::string headers_problem(const HttpRequest& request) {
    if (request.headers.size() > max_http_headers)
        return "more than " + std::to_string(max_http_headers) + " headers";
    size_t bytes = 0;
    for (size_t i = 0; i < request.headers.size(); ++i) {
        const HttpHeader& header = request.headers[i];
        if (std::string problem = header_problem(header, i); !problem.empty()) return problem;
        bytes += header.name.size() + header.value.size();
    }
    return bytes > max_http_header_bytes ? "headers of more than 32 KB" : "";
}

template <typename Number>
bool in_range(Number* value, Number otherwise, Number most) {
    if (*value == 0) *value = otherwise;
    return *value <= most;
}

}  // namespace

const char* name(HttpOutcome outcome) {
    static constexpr const char* names[http_outcome_count] = {
        "ok", "timeout", "resolve", "connect", "tls", "broken", "too_large", "cancelled", "limit"};
    return names[static_cast<size_t>(outcome)];
}

std::string complete_http_request(HttpRequest* request) {
    std::string& method = request->method;
    if (method.empty()) method = "GET";
    if (std::find(std::begin(methods), std::end(methods), method) == std::end(methods))
        return "the method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    if (std::string problem = headers_problem(*request); !problem.empty()) return problem;
    const bool bodiless = method == "GET" || method == "HEAD";
    if (bodiless && !request->body.empty()) return method + " has no body";
    if (request->body.size() > max_http_body_bytes) return "a body of more than 16 MB";
    if (!in_range(&request->timeout_ms, default_http_timeout_ms, max_http_timeout_ms))
        return "timeout_ms is above " + std::to_string(max_http_timeout_ms);
    if (!in_range(&request->connect_timeout_ms, default_http_connect_timeout_ms, max_http_timeout_ms))
        return "connect_timeout_ms is above " + std::to_string(max_http_timeout_ms);
    if (!in_range(&request->max_response_bytes, default_http_response_bytes, max_http_response_bytes))
        return "max_response_bytes is above " + std::to_string(max_http_response_bytes);
    request->repeatable = request->repeatable || (method != "POST" && method != "PATCH");
    return {};
}

}  // namespace gatewayd
