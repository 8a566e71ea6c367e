// HttpService: HTTP requests for plugins, as the host functions of gw.http/1 need it: HttpClient sends them,
// the test harness answers them. Requests and answers are plain values.
#ifndef GATEWAYD_CORE_HTTP_SERVICE_H
#define GATEWAYD_CORE_HTTP_SERVICE_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/url.h"

namespace gatewayd {

// How a request ended; the label of gateway_plugin_http_requests_total. The values are those of the ABI.
enum class HttpOutcome : uint8_t {
    ok,         // an answer, whatever its status
    timeout,    // no whole answer in time
    resolve,    // the name has no address
    connect,    // refused, unreachable
    tls,        // not trusted, or no TLS
    broken,     // no HTTP, or cut off
    too_large,  // over the request's limit
    cancelled,  // by the plugin or because it ends
    limit,      // over the limit of all
};
inline constexpr size_t http_outcome_count = 9;
const char* name(HttpOutcome outcome);

struct HttpHeader {
    std::string name;
    std::string value;
};

struct HttpRequest {
    std::string method;
    HttpUrl url;
    std::vector<HttpHeader> headers;
    std::string body;
    uint32_t timeout_ms = 0;
    uint32_t connect_timeout_ms = 0;
    uint64_t max_response_bytes = 0;
    bool repeatable = false;  // may be sent a second time when a kept connection was dead
};

struct HttpAnswer {
    HttpOutcome outcome = HttpOutcome::ok;
    int status = 0;  // 0 unless ok
    std::vector<HttpHeader> headers;
    std::string body;
    std::string error;  // for the log: no query, no body, no header
};

// Who asks.
struct HttpCaller {
    const void* instance;
    std::string_view name;          // for metrics and the log
    const std::atomic<bool>* over;  // set before HttpService is told to forget the instance
};

class HttpService {
   public:
    using Done = std::function<void(const HttpAnswer& answer)>;
    enum class Taken : uint8_t { yes, over, caller_limit, limit, memory_limit };

    virtual ~HttpService() = default;

    // [any] Never given out twice, never 0.
    virtual uint64_t new_id() = 0;
    // [any] Taken::yes: done is called once, never inside of this.
    virtual Taken submit(const HttpCaller& caller, uint64_t id, HttpRequest request, Done done) = 0;
    // [any] False: no such request of this instance, or its done was called or runs.
    virtual bool cancel(const void* instance, uint64_t id) = 0;
};

// For metrics.
struct HttpPluginNumbers {
    std::string plugin;
    std::array<uint64_t, http_outcome_count> requests{};  // ended, by HttpOutcome
    uint64_t refused = 0;                                 // over a limit: never begun
    uint64_t in_flight = 0;
};
struct HttpNumbers {
    std::vector<HttpPluginNumbers> plugins;  // those that ever asked
    uint64_t idle_connections = 0;
    uint64_t busy_connections = 0;
};

}  // namespace gatewayd

#endif
