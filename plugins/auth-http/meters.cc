#include "meters.h"

namespace auth_http {
namespace {

constexpr uint64_t line_pause_ns = 1000000000;
constexpr const char* failure_names[] = {"timeout", "unreachable", "tls", "status", "answer", "limit"};

size_t place_of(const Outcome& outcome) {
    return outcome.kind == Outcome::Kind::admitted ? 0 : 1;
}

}  // namespace

Meters::Meters(const gateway::Host& host, const std::string& url)
    // A query may hold a secret.
    : host_(host), url_(url.substr(0, url.find('?'))) {
    asked_ = gateway::counter(host, "asked_total", "Questions that were sent to the back end.");
    joined_ = gateway::counter(host, "joined_total", "Clients that waited for a question of another one.");
    abandoned_ = gateway::counter(host, "abandoned_total", "Questions that nobody waited for any more.");
    const auto cached =
        gateway::counters(host, "cached_total", "Clients that got an answer of before.", {"result"});
    const auto answers = gateway::counters(host, "answers_total", "Answers of the back end.", {"result"});
    for (size_t i = 0; i < 2; ++i) {
        const char* const result = i == 0 ? "admitted" : "denied";
        used_again_[i] = cached.with({result});
        answers_[i] = answers.with({result});
    }
    const auto failed =
        gateway::counters(host, "failed_total", "Questions without an answer of use, by reason.", {"reason"});
    for (size_t i = 0; i < failures; ++i)
        failed_[i] = failed.with({failure_names[i]});
    seconds_ =
        gateway::histogram(host, "answer_seconds", "From a question to its answer or failure.",
                           {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30});
    in_flight = gateway::gauge(host, "in_flight", "Questions that are on their way.");
    entries = gateway::gauge(host, "cache_entries", "Answers that are kept.");
}

void Meters::used_again(const Outcome& outcome) {
    used_again_[place_of(outcome)].add();
}

void Meters::answered(const Outcome& outcome, uint64_t took_ns) {
    seconds_.observe(static_cast<double>(took_ns) / 1e9);
    if (outcome.kind == Outcome::Kind::failed) {
        failed(outcome.failure, outcome.why);
    } else {
        answers_[place_of(outcome)].add();
    }
}

void Meters::failed(Outcome::Failure failure, const std::string& why) {
    failed_[static_cast<size_t>(failure)].add();
    const uint64_t now = host_.now_ns();
    uint64_t next = next_line_ns_.load();
    if (now < next || !next_line_ns_.compare_exchange_strong(next, now + line_pause_ns)) {
        ++unsaid_;
        return;
    }
    const uint64_t unsaid = unsaid_.exchange(0);
    host_.warn("no answer of use from " + url_ + ", who asks gets 503: " + why +
               (unsaid == 0 ? "" : "; and " + std::to_string(unsaid) + " more that no line told of"));
}

}  // namespace auth_http
