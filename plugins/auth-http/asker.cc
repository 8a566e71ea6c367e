#include "asker.h"

#include <openssl/rand.h>

#include <algorithm>

namespace auth_http {
namespace {

std::string random_bytes() {
    std::string bytes(16, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw gateway::Error("there are no random numbers to be had", GW_E_FAIL);
    return bytes;
}

OutcomePtr limit_outcome() {
    auto out = std::make_shared<Outcome>();
    out->failure = Outcome::Failure::limit;
    return out;
}

}  // namespace

Waiter::~Waiter() {
    if (flight_) asker_->leave(flight_);
}

OutcomePtr Waiter::outcome() const {
    return flight_ ? asker_->outcome_of(*flight_) : at_once_;
}

Asker::Asker(gateway::Host host, const Settings& settings)
    : host_(host),
      settings_(settings),
      salt_(random_bytes()),
      too_many_(limit_outcome()),
      meters_(host, settings.url),
      admitted_(settings.cache_entries),
      denied_(settings.cache_entries) {}

OutcomePtr Asker::find(const Key& key) {
    const int64_t now = now_ms();
    OutcomePtr found = admitted_.find(key, now);
    // The wall clock may have been set meanwhile.
    if (found && found->who.expires_at_s != 0 && found->who.expires_at_s * 1000 <= host_.wall_time_ms())
        found = nullptr;
    return found ? found : denied_.find(key, now);
}

void Asker::keep(const Key& key, const OutcomePtr& outcome) {
    const int64_t now = now_ms();
    if (outcome->kind == Outcome::Kind::admitted) {
        int64_t ttl = settings_.cache_ttl_ms;
        if (outcome->who.expires_at_s != 0)
            ttl = std::min(ttl, outcome->who.expires_at_s * 1000 - host_.wall_time_ms());
        admitted_.put(key, outcome, now + ttl, now);
    } else if (outcome->kind == Outcome::Kind::denied) {
        denied_.put(key, outcome, now + settings_.cache_denied_ttl_ms, now);
    }
    meters_.entries.set(static_cast<double>(admitted_.size() + denied_.size()));
}

OutcomePtr Asker::at_once(const Key& key) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (OutcomePtr found = find(key)) {
            meters_.used_again(*found);
            return found;
        }
        if (in_flight_ < settings_.max_in_flight || flights_.count(key) != 0) return nullptr;
    }
    meters_.refused();
    return too_many_;
}

gateway::Verdict Asker::wait(Question question, gateway::Next& next) {
    auto made = std::make_unique<Waiter>(this);
    Waiter* const waiter = made.get();
    const gw_token token = next.defer(0, std::move(made));
    const std::shared_ptr<Flight> begun = join(std::move(question), waiter, token);
    if (waiter->at_once_) {
        if (waiter->at_once_ == too_many_) meters_.refused();
        host_.resume(token);
    } else if (begun) {
        send(begun);
    }
    return gateway::Pending;
}

// A flight that is to be sent, or null: it waits for one that is on its way, or has its outcome.
std::shared_ptr<Flight> Asker::join(Question question, Waiter* waiter, gw_token token) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (OutcomePtr found = find(question.key)) {
        meters_.used_again(*found);
        waiter->at_once_ = std::move(found);
        return nullptr;
    }
    std::shared_ptr<Flight> begun;
    const auto found = flights_.find(question.key);
    if (found != flights_.end()) {
        meters_.joined();
        waiter->flight_ = found->second;
    } else if (in_flight_ >= settings_.max_in_flight) {
        waiter->at_once_ = too_many_;
        return nullptr;
    } else {
        begun = std::make_shared<Flight>(std::move(question));
        begun->began_ns = host_.now_ns();
        flights_.emplace(begun->question.key, begun);
        meters_.asked();
        meters_.in_flight.set(static_cast<double>(++in_flight_));
        waiter->flight_ = begun;
    }
    ++waiter->flight_->waiters;
    waiter->flight_->tokens.push_back(token);
    return begun;
}

void Asker::send(const std::shared_ptr<Flight>& flight) {
    gateway::http::Request request = gateway::http::post_json(settings_.url, flight->question.body);
    request.headers.emplace_back("Accept", "application/json");
    request.headers.insert(request.headers.end(), settings_.headers.begin(), settings_.headers.end());
    request.headers.insert(request.headers.end(), flight->question.headers.begin(),
                           flight->question.headers.end());
    request.timeout_ms = settings_.timeout_ms;
    request.connect_timeout_ms = settings_.timeout_ms;
    request.max_response_bytes = max_answer_bytes;
    request.repeatable = true;  // to be asked twice about the same token does no harm
    try {
        const gateway::http::Call call = gateway::http::send(
            host_, request,
            [this, flight](const gateway::http::Answer& answer) { answered(flight, answer); });
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!flight->dropped) {
            flight->call = call;
            return;
        }
        call.cancel();
    } catch (const gateway::Error& error) {
        gateway::http::Answer none;
        none.outcome = GW_HTTP_LIMIT;
        none.error = error.what();
        answered(flight, none);
    }
}

void Asker::answered(const std::shared_ptr<Flight>& flight, const gateway::http::Answer& answer) {
    const OutcomePtr outcome =
        read_answer(answer, flight->question, settings_.needs_expiry, host_.wall_time_ms() / 1000);
    std::vector<gw_token> waiting;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        meters_.in_flight.set(static_cast<double>(--in_flight_));
        if (flight->dropped) {
            meters_.abandoned();
            return;
        }
        flight->outcome = outcome;
        waiting.swap(flight->tokens);
        // One that was forgotten meanwhile is not there, and its answer is not kept.
        const auto found = flights_.find(flight->question.key);
        if (found != flights_.end() && found->second == flight) {
            flights_.erase(found);
            keep(flight->question.key, outcome);
        }
    }
    meters_.answered(*outcome, host_.now_ns() - flight->began_ns);
    for (const gw_token request : waiting)
        host_.resume(request);
}

void Asker::leave(const std::shared_ptr<Flight>& flight) {
    std::optional<gateway::http::Call> call;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--flight->waiters > 0 || flight->outcome) return;
        flight->dropped = true;
        const auto found = flights_.find(flight->question.key);
        if (found != flights_.end() && found->second == flight) flights_.erase(found);
        call = flight->call;
    }
    if (call) call->cancel();
}

OutcomePtr Asker::outcome_of(const Flight& flight) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return flight.outcome ? flight.outcome : too_many_;
}

size_t Asker::forget_all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    flights_.clear();
    const size_t count = admitted_.forget_all() + denied_.forget_all();
    meters_.entries.set(0);
    return count;
}

size_t Asker::forget_user(std::string_view user_id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    flights_.clear();  // whose they are is not known yet
    const size_t count = admitted_.forget_user(user_id);
    meters_.entries.set(static_cast<double>(admitted_.size() + denied_.size()));
    return count;
}

}  // namespace auth_http
