#include "asker.h"

#include "event.h"
#include "signature.h"
#include "verdict.h"

namespace webhook {
namespace {

namespace http = gateway::http;

constexpr uint64_t max_answer_bytes = 1048576;
constexpr const char* denied_words = "not allowed here";
constexpr const char* failed_words = "messages of this type cannot be checked now; try again";

struct Question {
    uint64_t began_ns = 0;
};

}  // namespace

Asker::Asker(const gateway::Host& host, const Settings& settings, Meters* meters)
    : host_(host),
      settings_(settings),
      asked_("POST " + settings.ask.url.substr(0, settings.ask.url.find('?')) + ": "),
      meters_(meters) {}

gateway::Verdict Asker::ask(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                            const std::string& id) {
    const uint32_t others = in_flight_.fetch_add(1);
    if (others >= settings_.ask.max_in_flight) {
        in_flight_.fetch_sub(1);
        return failed(request, Result::limit, "max_in_flight messages wait for an answer");
    }
    meters_->ask_in_flight.set(others + 1);
    json::JsonObject question = begin_event("message.ask", id, host_.wall_time_ms());
    add_client(connection, &question);
    question.raw("message", message_json(request));
    http::Request call = http::post_json(settings_.ask.url, question.end());
    call.headers.insert(call.headers.end(), settings_.headers.begin(), settings_.headers.end());
    call.headers.emplace_back("X-Gateway-Delivery", id);
    call.headers.emplace_back(signature_header,
                              sign(settings_.secrets, host_.wall_time_ms() / 1000, call.body));
    call.timeout_ms = settings_.ask.timeout_ms;
    call.connect_timeout_ms = settings_.ask.timeout_ms;
    call.max_response_bytes = max_answer_bytes;
    call.repeatable = true;  // to be asked twice about the same message does no harm
    try {
        return http::defer(host_, next, call, Question{host_.now_ns()});
    } catch (...) {
        leave();
        throw;
    }
}

void Asker::leave() {
    meters_->ask_in_flight.set(in_flight_.fetch_sub(1) - 1);
}

void Asker::cancelled(void* ud) {
    http::drop(ud);
    leave();
}

gateway::Verdict Asker::answered(gateway::Request& request, void* ud) {
    const http::Resumed<Question> resumed = http::take<Question>(ud);
    leave();
    meters_->ask_seconds.observe(static_cast<double>(host_.now_ns() - resumed.state.began_ns) / 1e9);
    return apply(request, resumed.answer);
}

gateway::Verdict Asker::apply(gateway::Request& request, const http::Answer& answer) {
    if (!answer.ok())
        return failed(request, result_of(answer),
                      answer.outcome == GW_HTTP_OK ? asked_ + answer.what() : answer.error);
    std::string why;
    const std::optional<Verdict> verdict = read_verdict(answer.body, &why);
    if (!verdict) return failed(request, Result::answer, asked_ + why);
    const auto count = [&] { meters_->asked[static_cast<size_t>(verdict->action)].add(); };
    switch (verdict->action) {
        case Verdict::Action::allow:
            count();
            return gateway::Continue;
        case Verdict::Action::deny:
            count();
            return request.reject(403, "forbidden", verdict->reason.empty() ? denied_words : verdict->reason);
        case Verdict::Action::replace:
            return replace(request, *verdict);
        case Verdict::Action::answer:
            count();
            return request.answer(verdict->message);
    }
    return gateway::Continue;
}

// All of it or nothing.
gateway::Verdict Asker::replace(gateway::Request& request, const Verdict& verdict) {
    const std::string before(request.payload());
    try {
        for (const auto& [name, json] : verdict.fields)
            request.set_json(name, json);
    } catch (const gateway::Error& refused) {
        request.replace_payload(before);
        return failed(request, Result::answer, asked_ + "the answer makes no message: " + refused.what());
    }
    meters_->asked[static_cast<size_t>(Verdict::Action::replace)].add();
    return gateway::Continue;
}

// The gateway counts lines that repeat.
gateway::Verdict Asker::failed(gateway::Request& request, Result why, const std::string& words) {
    meters_->ask_failed[static_cast<size_t>(why)].add();
    const bool allows = settings_.ask.allows_on_failure;
    host_.warn(std::string("no answer of use, the message is ") + (allows ? "let pass: " : "refused: ") +
               words);
    return allows ? gateway::Continue : request.reject(503, "unavailable", failed_words);
}

}  // namespace webhook
