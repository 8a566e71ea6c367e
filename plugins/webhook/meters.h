// Meters: what the plugin counts; README.md names them. [any] once it is made.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_METERS_H
#define GATEWAYD_PLUGINS_WEBHOOK_METERS_H

#include <array>
#include <cstdint>

#include "gateway/plugin.hpp"
#include "verdict.h"

namespace webhook {

// Why events are given up; the values of given_up_total.
enum class Reason : uint8_t {
    queue_full,  // the oldest made room for new ones
    too_large,   // more than the whole queue may hold
    refused,     // a status that no repetition changes
    expired,     // give_up_after is over
    stopped,     // the gateway ended
};
inline constexpr size_t reason_count = 5;
const char* name(Reason reason);

// What came of a request; the values of attempts_total and ask_failed_total.
enum class Result : uint8_t { ok, status, timeout, unreachable, tls, broken, limit, answer };
inline constexpr size_t result_count = 8;
const char* name(Result result);
// Of what gw.http/1 says; `answer` is nothing that it knows.
Result result_of(const gateway::http::Answer& answer);

struct Meters {
    // [control] In Configure.
    static Meters define(const gateway::Host& host, bool asks);

    gateway::Counter& of(Reason reason) { return given_up[static_cast<size_t>(reason)]; }

    gateway::Counter delivered;  // events
    std::array<gateway::Counter, reason_count> given_up;
    std::array<gateway::Counter, result_count> attempts;  // requests with batches
    gateway::Gauge queue_events;                          // with those on their way
    gateway::Gauge queue_bytes;
    gateway::Histogram request_seconds;
    gateway::Histogram lag_seconds;  // from the oldest event of a batch to its arrival

    std::array<gateway::Counter, 4> asked;  // by Verdict::Action
    std::array<gateway::Counter, result_count> ask_failed;
    gateway::Gauge ask_in_flight;
    gateway::Histogram ask_seconds;
};

}  // namespace webhook

#endif
