// gateway::http: requests to a back end (gw.http/1). In a hook, with the request put aside meanwhile:
//
//     Verdict Intercept(Request& request, Connection&, Next& next) override {
//         return http::defer(host(), next, http::post_json(url_, std::string(request.payload())));
//     }
//     Verdict OnResume(Request& request, Connection&, Next&, void* ud) override {
//         return http::take(ud).ok() ? Continue : request.reject(403, "forbidden", "not here");
//     }
//     void OnCancel(const Request&, Connection&, void* ud, int32_t) override { http::drop(ud); }
//
// Outside of a connection: http::send(host(), request, [this](const http::Answer& answer) { ... }).
// What limits and failures there are is in gateway/ext/http.h. Say needs=gw.http/1 in the note
// (GATEWAY_PLUGIN_WITH), so that a gateway without it refuses the plugin.
#ifndef GATEWAY_SDK_HTTP_HPP
#define GATEWAY_SDK_HTTP_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gateway/ext/http.h"
#include "gateway/sdk/base.hpp"
#include "gateway/sdk/host.hpp"
#include "gateway/sdk/request.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {
namespace http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What to send. Numbers that are 0 mean the default of gateway/ext/http.h.
struct Request {
    std::string method = "GET";
    std::string url;
    std::string body;
    Headers headers;
    uint32_t timeout_ms = 0;
    uint32_t connect_timeout_ms = 0;
    uint64_t max_response_bytes = 0;
    bool repeatable = false;  // a POST or PATCH that does no harm when it arrives twice
};

inline Request get(std::string url) {
    Request request;
    request.url = std::move(url);
    return request;
}
inline Request post_json(std::string url, std::string json) {
    Request request;
    request.method = "POST";
    request.url = std::move(url);
    request.body = std::move(json);
    request.headers.emplace_back("Content-Type", "application/json");
    return request;
}

// What came of it: an answer of any status, or why there is none.
struct Answer {
    int32_t outcome = GW_HTTP_OK;  // GW_HTTP_
    int32_t status = 0;            // 0: there is no answer
    std::string body;
    Headers headers;
    std::string error;  // no answer: why, in words for the log

    bool ok() const { return outcome == GW_HTTP_OK && status >= 200 && status < 300; }
    // The first of this name, in any case.
    std::optional<std::string_view> header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (same_name(key, name)) return value;
        }
        return std::nullopt;
    }
    // For the log: "status 503", or the error.
    std::string what() const { return outcome == GW_HTTP_OK ? "status " + std::to_string(status) : error; }

    static Answer from(const gw_http_response& raw) {
        Answer answer;
        answer.outcome = raw.outcome;
        answer.status = raw.status;
        answer.body = to_view(raw.body);
        answer.error = to_view(raw.error);
        for (uint64_t i = 0; i < raw.header_count; ++i)
            answer.headers.emplace_back(to_view(raw.headers[i].name), to_view(raw.headers[i].value));
        return answer;
    }

   private:
    static bool same_name(std::string_view a, std::string_view b) {
        if (a.size() != b.size()) return false;
        for (size_t i = 0; i < a.size(); ++i) {
            const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
            const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] - 'A' + 'a') : b[i];
            if (x != y) return false;
        }
        return true;
    }
};

namespace detail {

inline const gw_http_v1& table(const Host& host) {
    const void* found = offered(host.raw()->extension, "extension")(host.inst(), GW_STR(GW_EXT_HTTP));
    if (found == nullptr) throw Error("this gatewayd does not offer " GW_EXT_HTTP, GW_E_STATE);
    return *static_cast<const gw_http_v1*>(found);
}

inline gw_error no_error() {
    gw_error error{};
    error.struct_size = static_cast<uint32_t>(sizeof(error));
    return error;
}

// GW_OK, or the error with its words in *error.
inline int32_t submit(const Host& host, const Request& request, gw_http_done_fn done, void* ud,
                      gw_token* token, gw_error* error) {
    std::vector<gw_http_header> headers;
    headers.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers)
        headers.push_back(gw_http_header{to_gw(name), to_gw(value)});
    gw_http_request raw{};
    raw.struct_size = static_cast<uint32_t>(sizeof(raw));
    raw.flags = request.repeatable ? GW_HTTP_REPEATABLE : 0;
    raw.method = to_gw(request.method);
    raw.url = to_gw(request.url);
    raw.body = to_gw(request.body);
    raw.headers = headers.data();
    raw.header_count = headers.size();
    raw.timeout_ms = request.timeout_ms;
    raw.connect_timeout_ms = request.connect_timeout_ms;
    raw.max_response_bytes = request.max_response_bytes;
    return table(host).request(host.inst(), &raw, done, ud, token, error);
}

[[noreturn]] inline void refused(int32_t code, const gw_error& error) {
    throw Error("http request: " + std::string(error.message[0] ? error.message : error_name(code)), code);
}

template <typename Then>
struct Closure {
    Then then;
    Host host;
    static void call(void* ud, const gw_http_response* response) {
        const std::unique_ptr<Closure> self(static_cast<Closure*>(ud));
        gateway::detail::guarded(self->host.raw(), self->host.inst(), "an HTTP completion", [&] {
            self->then(Answer::from(*response));
            return GW_OK;
        });
    }
};

// What the completion and the deferral share: whichever ends first, the other still has it.
struct Flight {
    explicit Flight(Host of) : host(of) {}
    Host host;
    gw_token resume{0, 0};
    gw_token call{0, 0};
    Answer answer;  // written before resume, read after it
};

// ud of a deferral.
struct Deferred {
    explicit Deferred(std::shared_ptr<Flight> of) : flight(std::move(of)) {}
    virtual ~Deferred() {
        if (flight) table(flight->host).cancel(flight->host.inst(), flight->call);
    }
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;
    std::shared_ptr<Flight> flight;  // null: its answer was taken
};
template <typename State>
struct DeferredWith final : Deferred {
    DeferredWith(std::shared_ptr<Flight> of, State with) : Deferred(std::move(of)), state(std::move(with)) {}
    State state;
};

inline void answered(void* ud, const gw_http_response* response) {
    const std::unique_ptr<std::shared_ptr<Flight>> held(static_cast<std::shared_ptr<Flight>*>(ud));
    Flight& flight = **held;
    gateway::detail::guarded(flight.host.raw(), flight.host.inst(), "an HTTP completion", [&] {
        flight.answer = Answer::from(*response);
        flight.host.resume(flight.resume);
        return GW_OK;
    });
}

inline Verdict defer(const Host& host, Next& next, const Request& request, std::shared_ptr<Flight> flight,
                     std::unique_ptr<Deferred> deferred) {
    flight->resume = next.defer(0, std::move(deferred));
    auto held = std::make_unique<std::shared_ptr<Flight>>(flight);
    gw_error error = no_error();
    const int32_t code = submit(host, request, answered, held.get(), &flight->call, &error);
    if (code == GW_E_ARG) refused(code, error);
    if (code == GW_OK) {
        static_cast<void>(held.release());  // answered() frees it
    } else {
        flight->answer.outcome = code == GW_E_LIMIT ? GW_HTTP_LIMIT : GW_HTTP_CANCELLED;
        flight->answer.error = error.message;
        host.resume(flight->resume);
    }
    return Pending;
}

}  // namespace detail

// A request that was sent.
class Call {
   public:
    Call(Host host, gw_token token) : host_(host), token_(token) {}
    // Its closure comes soon, with GW_HTTP_CANCELLED. False: it was called, or runs now.
    bool cancel() const { return detail::table(host_).cancel(host_.inst(), token_) == GW_OK; }

   private:
    Host host_;
    gw_token token_;
};

// Empty: the URL may be asked. For Configure: config.get("url").fail(problem).
inline std::string url_problem(const Host& host, std::string_view url) {
    gw_error error = detail::no_error();
    const int32_t code = detail::table(host).check_url(host.inst(), to_gw(url), &error);
    return code == GW_OK ? std::string() : std::string(error.message);
}

// [any] from Start on: sends, and calls then(const Answer&) exactly once, on a thread of the gateway's, on
// which it must not wait. It may run before this returns, and never after the plugin's Stop. Throws Error
// when the request is refused; then `then` is not called.
template <typename Then>
Call send(const Host& host, const Request& request, Then then) {
    auto closure = std::make_unique<detail::Closure<Then>>(detail::Closure<Then>{std::move(then), host});
    gw_token token{0, 0};
    gw_error error = detail::no_error();
    const int32_t code =
        detail::submit(host, request, detail::Closure<Then>::call, closure.get(), &token, &error);
    if (code != GW_OK) detail::refused(code, error);
    static_cast<void>(closure.release());  // call() frees it
    return {host, token};
}

// In Intercept or OnResume: puts the request aside, sends, and resumes when there is an answer or a failure,
// one of which there always is: also when too many requests wait (GW_HTTP_LIMIT). Return what this returns;
// throws Error when the request cannot be sent at all, as with a wrong URL. In OnResume take(ud) gives the
// answer; OnCancel must drop(ud), which cancels it.
inline Verdict defer(const Host& host, Next& next, const Request& request) {
    auto flight = std::make_shared<detail::Flight>(host);
    auto deferred = std::make_unique<detail::Deferred>(flight);
    return detail::defer(host, next, request, std::move(flight), std::move(deferred));
}
inline Answer take(void* ud) {
    const std::unique_ptr<detail::Deferred> deferred(static_cast<detail::Deferred*>(ud));
    const std::shared_ptr<detail::Flight> flight = std::move(deferred->flight);
    return std::move(flight->answer);
}

// The same with what the plugin keeps of the request: take<State>(ud) gives both.
template <typename State>
struct Resumed {
    Answer answer;
    State state;
};
template <typename State>
Verdict defer(const Host& host, Next& next, const Request& request, State state) {
    auto flight = std::make_shared<detail::Flight>(host);
    std::unique_ptr<detail::Deferred> deferred =
        std::make_unique<detail::DeferredWith<State>>(flight, std::move(state));
    return detail::defer(host, next, request, std::move(flight), std::move(deferred));
}
template <typename State>
Resumed<State> take(void* ud) {
    auto* const with = static_cast<detail::DeferredWith<State>*>(static_cast<detail::Deferred*>(ud));
    State state = std::move(with->state);
    return {take(ud), std::move(state)};
}

inline void drop(void* ud) {
    delete static_cast<detail::Deferred*>(ud);
}

}  // namespace http
}  // namespace GATEWAY_SDK_HIDDEN

#endif
