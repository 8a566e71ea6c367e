#include "key_source.h"

#include "key_reader.h"

namespace auth_jwt {
namespace {

constexpr uint64_t second_ns = 1000000000;
constexpr uint32_t timeout_ms = 5000;  // less than a handshake may take

}  // namespace

std::shared_ptr<const KeyList> KeySource::keys() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return keys_;
}

bool KeySource::is_fetching() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return on_its_way_;
}

bool KeySource::may_fetch() const {
    const auto pause_ns = static_cast<uint64_t>(settings_.min_refresh_s) * second_ns;
    return began_ns_ == 0 || host_.now_ns() - began_ns_ >= pause_ns;
}

bool KeySource::fetch() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (on_its_way_) return true;
        if (!may_fetch()) return false;
        on_its_way_ = true;
        began_ns_ = host_.now_ns();
    }
    gateway::http::Request request = gateway::http::get(settings_.url);
    request.headers.emplace_back("Accept", "application/json");
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_key_file_bytes;
    try {
        gateway::http::send(host_, request,
                            [this](const gateway::http::Answer& answer) { answered(answer); });
    } catch (const gateway::Error& error) {
        gateway::http::Answer none;
        none.outcome = GW_HTTP_LIMIT;
        none.error = error.what();
        answered(none);
    }
    return true;
}

void KeySource::refresh_when_old() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto life_ns = static_cast<uint64_t>(settings_.refresh_s) * second_ns;
        if (loaded_ns_ != 0 && host_.now_ns() - loaded_ns_ < life_ns) return;
    }
    fetch();
}

bool KeySource::wait(gw_token request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (on_its_way_) waiting_.push_back(request);
    return on_its_way_;
}

// What may be logged: a query may hold a secret.
std::string KeySource::shown_url() const {
    return settings_.url.substr(0, settings_.url.find('?'));
}

std::shared_ptr<const KeyList> KeySource::read(const gateway::http::Answer& answer) const {
    std::string why;
    Jwks set;
    if (!answer.ok()) {
        why = answer.what();
    } else if (read_jwks(answer.body, false, &set, &why) && set.keys.empty()) {
        why = "has no key that can be used" + (set.passed_over.empty() ? "" : ": " + set.passed_over.front());
    }
    if (why.empty()) return std::make_shared<const KeyList>(std::move(set.keys));
    host_.warn("keys of " + shown_url() + " were not fetched: " + why +
               (keys() ? "; those of before stay in use" : "; tokens of its keys are refused with 503"));
    return nullptr;
}

void KeySource::answered(const gateway::http::Answer& answer) {
    std::shared_ptr<const KeyList> fetched = read(answer);
    if (fetched) host_.info("keys of " + shown_url() + " fetched: " + std::to_string(fetched->size()));
    std::vector<gw_token> waiting;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        on_its_way_ = false;
        if (fetched) {
            keys_ = std::move(fetched);
            loaded_ns_ = host_.now_ns();
        }
        waiting.swap(waiting_);
    }
    for (const gw_token request : waiting)
        host_.resume(request);
}

}  // namespace auth_jwt
