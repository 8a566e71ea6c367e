#include "core/harness/fake_http.h"

#include <utility>

namespace gatewayd::harness {
namespace {

std::string full_url(const HttpUrl& url) {
    return (url.tls ? "https://" : "http://") + url.authority() + url.target;
}

gateway::harness::HttpRequest shown(const HttpRequest& request) {
    gateway::harness::HttpRequest made;
    made.method = request.method;
    made.url = full_url(request.url);
    made.body = request.body;
    made.timeout_ms = request.timeout_ms;
    for (const HttpHeader& header : request.headers)
        made.headers[header.name] = header.value;
    return made;
}

}  // namespace

uint64_t FakeHttp::new_id() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ++last_id_;
}

HttpService::Taken FakeHttp::submit(const HttpCaller& caller, uint64_t id, HttpRequest request, Done done) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (caller.over->load(std::memory_order_acquire)) return Taken::over;
        requests_.push_back(shown(request));
        Waiting waiting;
        waiting.request = std::move(request);
        waiting.done = std::move(done);
        waiting.asked_at_ms = now_ms_();
        waiting_.emplace(id, std::move(waiting));
    }
    if (wake_) wake_();
    return Taken::yes;
}

bool FakeHttp::cancel(const void*, uint64_t id) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = waiting_.find(id);
        if (found == waiting_.end() || std::exchange(found->second.cancelled, true)) return false;
    }
    if (wake_) wake_();
    return true;
}

std::vector<gateway::harness::HttpRequest> FakeHttp::requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
}

HttpAnswer FakeHttp::made_of(const gateway::harness::HttpAnswer& answer, const HttpRequest& request) {
    HttpAnswer made;
    made.outcome = static_cast<HttpOutcome>(answer.outcome);
    if (made.outcome == HttpOutcome::ok && answer.body.size() > request.max_response_bytes)
        made.outcome = HttpOutcome::too_large;
    if (made.outcome != HttpOutcome::ok) {
        made.error = request.method + " " + request.url.for_log() + ": " +
                     (answer.error.empty() ? name(made.outcome) : answer.error);
        return made;
    }
    made.status = answer.status;
    made.body = request.method == "HEAD" ? std::string() : answer.body;
    for (const auto& [key, value] : answer.headers)
        made.headers.push_back({key, value});
    return made;
}

// Without the lock: the handler is the test's.
void FakeHttp::ask_handler(Waiting* waiting) {
    gateway::harness::HttpAnswer answer;
    if (handler_) {
        answer = handler_(shown(waiting->request));
    } else {
        answer.outcome = GW_HTTP_CONNECT;
        answer.error = "the test has no answer: http_answer()";
    }
    waiting->known = true;
    waiting->due_ms = waiting->asked_at_ms + answer.after_ms;
    waiting->answer = made_of(answer, waiting->request);
    if (answer.after_ms < waiting->request.timeout_ms) return;
    waiting->due_ms = waiting->asked_at_ms + waiting->request.timeout_ms;
    gateway::harness::HttpAnswer late;
    late.outcome = GW_HTTP_TIMEOUT;
    waiting->answer = made_of(late, waiting->request);
}

bool FakeHttp::answer_due() {
    bool any = false;
    for (;;) {
        std::vector<Waiting*> unknown;  // they stay where they are: only this thread takes them out
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            for (auto& [id, waiting] : waiting_) {
                if (!waiting.known) unknown.push_back(&waiting);
            }
        }
        for (Waiting* waiting : unknown)
            ask_handler(waiting);
        Waiting due;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            auto first = waiting_.end();
            for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
                const bool is_due =
                    at->second.cancelled || (at->second.known && at->second.due_ms <= now_ms_());
                if (is_due && (first == waiting_.end() || at->second.due_ms < first->second.due_ms))
                    first = at;
            }
            if (first == waiting_.end()) return any;
            due = std::move(first->second);
            waiting_.erase(first);
        }
        if (due.cancelled) {
            gateway::harness::HttpAnswer cancelled;
            cancelled.outcome = GW_HTTP_CANCELLED;
            due.answer = made_of(cancelled, due.request);
        }
        any = true;
        due.done(due.answer);
    }
}

void FakeHttp::forget() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto& [id, waiting] : waiting_)
            waiting.cancelled = true;
    }
    answer_due();
}

}  // namespace gatewayd::harness
