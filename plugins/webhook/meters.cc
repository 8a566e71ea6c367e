#include "meters.h"

namespace webhook {
namespace {

constexpr const char* reasons[reason_count] = {"queue_full", "too_large", "refused", "expired", "stopped"};
constexpr const char* results[result_count] = {"ok",  "status", "timeout", "unreachable",
                                               "tls", "broken", "limit",   "answer"};
constexpr const char* actions[] = {"allow", "deny", "replace", "answer"};

}  // namespace

const char* name(Reason reason) {
    return reasons[static_cast<size_t>(reason)];
}

const char* name(Result result) {
    return results[static_cast<size_t>(result)];
}

Result result_of(const gateway::http::Answer& answer) {
    switch (answer.outcome) {
        case GW_HTTP_OK:
            return answer.ok() ? Result::ok : Result::status;
        case GW_HTTP_TIMEOUT:
            return Result::timeout;
        case GW_HTTP_RESOLVE:
        case GW_HTTP_CONNECT:
            return Result::unreachable;
        case GW_HTTP_TLS:
            return Result::tls;
        case GW_HTTP_LIMIT:
            return Result::limit;
        default:
            return Result::broken;
    }
}

Meters Meters::define(const gateway::Host& host, bool asks) {
    Meters meters;
    meters.delivered = gateway::counter(host, "delivered_total", "Events that the back end has taken.");
    const auto given_up = gateway::counters(host, "given_up_total",
                                            "Events that the back end will not get, by reason.", {"reason"});
    for (size_t i = 0; i < reason_count; ++i)
        meters.given_up[i] = given_up.with({reasons[i]});
    const auto attempts = gateway::counters(host, "attempts_total",
                                            "Requests with events that have ended, by result.", {"result"});
    for (size_t i = 0; i < result_count - 1; ++i)
        meters.attempts[i] = attempts.with({results[i]});
    meters.queue_events = gateway::gauge(host, "queue_events", "Events that wait, or are on their way.");
    meters.queue_bytes = gateway::gauge(host, "queue_bytes", "Bytes of those.");
    const auto bounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0};
    meters.request_seconds =
        gateway::histogram(host, "request_seconds", "From a request with events to its end.", bounds);
    meters.lag_seconds =
        gateway::histogram(host, "lag_seconds", "From the oldest event of a request to its arrival.",
                           {0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600});
    if (!asks) return meters;
    const auto asked = gateway::counters(
        host, "asked_total", "Messages that the back end was asked about, by its answer.", {"action"});
    for (size_t i = 0; i < meters.asked.size(); ++i)
        meters.asked[i] = asked.with({actions[i]});
    const auto failed = gateway::counters(
        host, "ask_failed_total", "Messages without an answer of use: on_failure decided.", {"reason"});
    for (size_t i = 1; i < result_count; ++i)
        meters.ask_failed[i] = failed.with({results[i]});
    meters.ask_in_flight = gateway::gauge(host, "ask_in_flight", "Messages that wait for an answer.");
    meters.ask_seconds =
        gateway::histogram(host, "ask_seconds", "From a question to its answer or failure.", bounds);
    return meters;
}

}  // namespace webhook
