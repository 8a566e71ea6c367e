// What a plugin may ask of gw.http/1: completes a request with the defaults and says what is wrong with it.
// Pure function: any thread.
#ifndef GATEWAYD_CORE_HTTP_RULES_H
#define GATEWAYD_CORE_HTTP_RULES_H

#include <string>

#include "core/http/service.h"

namespace gatewayd {

inline constexpr uint32_t default_http_timeout_ms = 10'000;
inline constexpr uint32_t default_http_connect_timeout_ms = 5'000;
inline constexpr uint32_t max_http_timeout_ms = 300'000;
inline constexpr uint64_t default_http_response_bytes = 1024 * 1024;
inline constexpr uint64_t max_http_response_bytes = 64 * 1024 * 1024;
inline constexpr uint64_t max_http_body_bytes = 16 * 1024 * 1024;
inline constexpr size_t max_http_headers = 64;
inline constexpr size_t max_http_header_bytes = 32 * 1024;  // of all; also of an answer's head

// Empty: it may be sent, and what was 0 or empty has its default. Else words that repeat no value.
std::string complete_http_request(HttpRequest* request);

}  // namespace gatewayd

#endif
