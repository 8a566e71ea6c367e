#include "sender.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "../common/json_object.h"
#include "backoff.h"
#include "signature.h"

namespace webhook {
namespace {

constexpr uint64_t ns_per_ms = 1000000;
constexpr uint64_t ns_per_s = 1000 * ns_per_ms;
constexpr uint64_t line_pause_ns = 10 * ns_per_s;
constexpr uint64_t max_answer_bytes = 65536;
constexpr int status_timeout = 408;
constexpr int status_busy = 429;
constexpr const char* phases[] = {"holding", "running", "flushing", "handing_over", "over"};

uint64_t random_number() {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
}

std::string hex_of(uint64_t number) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

// What no repetition changes: the request itself is not to the back end's taste.
bool is_refusal(const gateway::http::Answer& answer) {
    return answer.outcome == GW_HTTP_OK && answer.status >= 300 && answer.status < 500 &&
           answer.status != status_timeout && answer.status != status_busy;
}

std::string words_of(const gateway::http::Answer& answer, const std::string& url) {
    if (answer.outcome != GW_HTTP_OK) return answer.error;  // it says whom was asked
    std::string words = "POST " + url.substr(0, url.find('?')) + ": status " + std::to_string(answer.status);
    if (answer.status < 300 || answer.status >= 400) return words;
    const auto place = answer.header("Location");
    return words + (place ? ", a redirect to " + std::string(place->substr(0, place->find('?'))) : "") +
           ", which is not followed; change url";
}

}  // namespace

Sender::Sender(const gateway::Host& host, const Settings& settings, Meters* meters)
    : host_(host),
      settings_(settings),
      prefix_(hex_of(random_number())),
      meters_(meters),
      outage_(host, settings.url),
      queue_(settings.max_queue_events, settings.max_queue_bytes),
      random_(random_number()) {}

// --- what comes in ---

void Sender::push(std::string json) {
    size_t gone = 0;
    const bool too_large = !queue_.fits(json.size());  // constant: no lock
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        gone = queue_.push({std::move(json), host_.now_ns()});
        lost_ += gone;
        count_locked();
    }
    if (gone > 0) {
        meters_->of(too_large ? Reason::too_large : Reason::queue_full).add(static_cast<double>(gone));
        say_given_up(gone, too_large);
    }
    pump();
}

// A line in ten seconds, with what no line has told of.
void Sender::say_given_up(size_t count, bool too_large) {
    unsaid_ += count;
    const uint64_t now_ns = host_.now_ns();
    uint64_t next_ns = next_line_ns_.load();
    if (now_ns < next_ns || !next_line_ns_.compare_exchange_strong(next_ns, now_ns + line_pause_ns)) return;
    host_.warn(events_words(unsaid_.exchange(0)) + " given up: " +
               (too_large ? "larger than 8 MB or max_queue_kb" : "the queue is full, the oldest go"));
}

// --- what goes out ---

void Sender::pump() {
    std::optional<Attempt> attempt;
    uint64_t wake_ns = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        attempt = next_attempt(host_.now_ns(), &wake_ns);
        if (wake_ns != 0) {
            if (wake_ns_ != 0 && wake_ns_ <= wake_ns) return;
            wake_ns_ = wake_ns;
        }
    }
    if (attempt) {
        send(*attempt);
    } else if (wake_ns != 0) {
        wake_at(wake_ns);
    }
}

std::optional<Sender::Attempt> Sender::next_attempt(uint64_t now_ns, uint64_t* wake_ns) {
    if (in_flight_ || (phase_ != Phase::running && phase_ != Phase::flushing)) return std::nullopt;
    if (!batch_ && !begun_.empty()) {
        batch_ = std::move(begun_.front());
        begun_.pop_front();
        retry_ns_ = 0;
    }
    if (!batch_) {
        if (!is_due(now_ns, wake_ns)) return std::nullopt;
        batch_ = Batch::of(prefix_ + "-d" + std::to_string(++last_delivery_),
                           queue_.take(settings_.batch_events, settings_.batch_bytes), lost_, now_ns);
        lost_ = 0;
        retry_ns_ = 0;
    }
    if (now_ns < retry_ns_) {
        *wake_ns = retry_ns_;
        return std::nullopt;
    }
    return make_attempt();
}

bool Sender::is_due(uint64_t now_ns, uint64_t* wake_ns) const {
    if (queue_.empty()) return false;
    if (phase_ == Phase::flushing || queue_.size() >= settings_.batch_events ||
        queue_.bytes() >= settings_.batch_bytes)
        return true;
    const uint64_t due_ns = queue_.oldest_ns() + settings_.max_delay_ms * ns_per_ms;
    if (now_ns >= due_ns) return true;
    *wake_ns = due_ns;
    return false;
}

Sender::Attempt Sender::make_attempt() {
    in_flight_ = true;
    ++batch_->attempts;
    Attempt attempt{++attempt_number_, gateway::http::post_json(settings_.url, batch_->body)};
    gateway::http::Request& request = attempt.request;
    request.headers.insert(request.headers.end(), settings_.headers.begin(), settings_.headers.end());
    request.headers.emplace_back("X-Gateway-Delivery", batch_->id);
    request.headers.emplace_back("X-Gateway-Attempt", std::to_string(batch_->attempts));
    request.headers.emplace_back(signature_header,
                                 sign(settings_.secrets, host_.wall_time_ms() / 1000, batch_->body));
    request.timeout_ms = settings_.timeout_ms;
    request.connect_timeout_ms = settings_.timeout_ms;
    request.max_response_bytes = max_answer_bytes;
    request.repeatable = true;  // the delivery's id tells
    return attempt;
}

void Sender::send(const Attempt& attempt) {
    const uint64_t began_ns = host_.now_ns();
    const uint64_t number = attempt.number;
    try {
        gateway::http::send(host_, attempt.request,
                            [this, number, began_ns](const gateway::http::Answer& answer) {
                                answered(number, answer, began_ns);
                            });
    } catch (const gateway::Error& failure) {
        gateway::http::Answer answer;
        answer.outcome = GW_HTTP_LIMIT;
        answer.error = failure.what();
        answered(number, answer, began_ns);
    }
}

void Sender::wake_at(uint64_t at_ns) {
    constexpr uint64_t least_ms = GW_TIMER_MIN_MS;
    const uint64_t now_ns = host_.now_ns();
    const uint64_t wait_ms = at_ns > now_ns ? (at_ns - now_ns + ns_per_ms - 1) / ns_per_ms : 0;
    try {
        gateway::after(host_, std::chrono::milliseconds(std::max(wait_ms, least_ms)), [this] {
            {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (wake_ns_ <= host_.now_ns()) wake_ns_ = 0;
            }
            pump();
        });
    } catch (const gateway::Error&) {
        // The plugin ends: stop() drives what is left.
    }
}

void Sender::answered(uint64_t number, const gateway::http::Answer& answer, uint64_t began_ns) {
    const uint64_t now_ns = host_.now_ns();
    const Result result = result_of(answer);
    meters_->attempts[static_cast<size_t>(result)].add();
    meters_->request_seconds.observe(static_cast<double>(now_ns - began_ns) / 1e9);
    std::optional<Batch> over;
    size_t left = 0;
    uint64_t retry_ms = 0;
    bool expired = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (number != attempt_number_ || !in_flight_) return;  // it was handed over meanwhile
        in_flight_ = false;
        last_error_ = result == Result::ok ? std::string() : words_of(answer, settings_.url);
        if (result == Result::ok || is_refusal(answer)) {
            over = std::exchange(batch_, std::nullopt);
        } else {
            const uint32_t attempts = phase_ == Phase::flushing ? 1 : batch_->attempts;  // there is no time
            retry_ms = backoff_ms(attempts, settings_.retry_min_ms, settings_.retry_max_ms, chance());
            const auto asked =
                retry_after_ms(answer.header("Retry-After").value_or(""), host_.wall_time_ms() / 1000);
            retry_ms = std::max(retry_ms, asked.value_or(0));
            retry_ns_ = now_ns + retry_ms * ns_per_ms;
            expired = expires_ns() != 0 && now_ns >= expires_ns();
            if (expired) over = std::exchange(batch_, std::nullopt);
        }
        if (over && result != Result::ok) lost_ += over->events + over->lost;
        left = waiting();
        count_locked();
    }
    if (result != Result::ok && !over) outage_.failed(words_of(answer, settings_.url), left, retry_ms);
    if (over && result == Result::ok) delivered(*over, left);
    if (over && result != Result::ok)
        given_up(*over, expired ? Reason::expired : Reason::refused, words_of(answer, settings_.url));
    progress_.notify_all();
    pump();
}

void Sender::delivered(const Batch& batch, size_t left) {
    meters_->delivered.add(batch.events);
    meters_->lag_seconds.observe(static_cast<double>(host_.now_ns() - batch.oldest_ns) / 1e9);
    outage_.delivered(left);
}

void Sender::given_up(const Batch& batch, Reason reason, const std::string& why) {
    meters_->of(reason).add(batch.events);
    reason == Reason::expired ? outage_.expired(batch.events) : outage_.refused(why, batch.events);
}

// --- small things; mutex_ is held ---

size_t Sender::waiting() const {
    size_t events = queue_.size() + (batch_ ? batch_->events : 0);
    for (const Batch& batch : begun_)
        events += batch.events;
    return events;
}

size_t Sender::waiting_bytes() const {
    size_t bytes = queue_.bytes() + (batch_ ? batch_->body.size() : 0);
    for (const Batch& batch : begun_)
        bytes += batch.body.size();
    return bytes;
}

uint64_t Sender::expires_ns() const {
    return settings_.give_up_after_s == 0 ? 0 : batch_->made_ns + settings_.give_up_after_s * ns_per_s;
}

void Sender::count_locked() {
    meters_->queue_events.set(static_cast<double>(waiting()));
    meters_->queue_bytes.set(static_cast<double>(waiting_bytes()));
}

// From 0 to 1: xorshift, which is chance enough.
double Sender::chance() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<double>(random_ >> 11) / static_cast<double>(UINT64_C(1) << 53);
}

// --- the admin listener ---

std::string Sender::status() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t now_ns = host_.now_ns();
    const uint64_t oldest_ns = batch_ ? batch_->oldest_ns : queue_.oldest_ns();
    json::JsonObject status;
    status.text("state", phases[static_cast<size_t>(phase_)]);
    status.number("waiting", static_cast<int64_t>(waiting()));
    status.number("waiting_bytes", static_cast<int64_t>(waiting_bytes()));
    status.number("oldest_seconds",
                  oldest_ns == 0 ? 0 : static_cast<int64_t>((now_ns - oldest_ns) / ns_per_s));
    status.number("attempts", batch_ ? batch_->attempts : 0);
    status.optional_text("delivery_id", batch_ ? batch_->id : std::string());
    status.number("next_attempt_ms",
                  batch_ && retry_ns_ > now_ns ? static_cast<int64_t>((retry_ns_ - now_ns) / ns_per_ms) : 0);
    status.number("lost", static_cast<int64_t>(lost_ + (batch_ ? batch_->lost : 0)));
    return status.optional_text("last_error", last_error_).end();
}

void Sender::retry_now() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        retry_ns_ = 0;
    }
    pump();
}

}  // namespace webhook
