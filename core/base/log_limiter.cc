#include "core/base/log_limiter.h"

#include <utility>

namespace gatewayd::log {

LogLimiter::Entry& LogLimiter::entry_of(std::string_view key, TimePoint now, bool* is_new) {
    *is_new = false;
    const std::string owned(key);
    if (auto found = entries_.find(owned); found != entries_.end()) return found->second;

    // Keys that are quiet and told give their places back; looked for at most once in a window.
    if (entries_.size() >= max_keys && now - cleaned_at_ >= window) {
        cleaned_at_ = now;
        for (auto it = entries_.begin(); it != entries_.end();) {
            const bool quiet = it->second.left_out == 0 && now - it->second.written_at >= window;
            it = quiet ? entries_.erase(it) : std::next(it);
        }
    }
    if (entries_.size() < max_keys) {
        *is_new = true;
        return entries_[owned];
    }
    *is_new = !std::exchange(shared_used_, true);
    return shared_;
}

LogLimiter::Verdict LogLimiter::note(LogLevel level, std::string_view key, std::string_view event,
                                     TimePoint now, uint32_t allowed) {
    bool is_new = false;
    Entry& entry = entry_of(key, now, &is_new);
    if (is_new || now - entry.written_at >= window) {
        entry.written_at = now;
        entry.written = 1;
        return {true, false, std::exchange(entry.left_out, 0)};
    }
    if (entry.written < allowed) {
        ++entry.written;
        return {true, false, 0};
    }
    if (entry.left_out++ > 0) return {false, false, 0};
    entry.level = level;
    entry.event = event;
    return {false, true, 0};
}

std::vector<LogLimiter::Unsaid> LogLimiter::take_unsaid() {
    std::vector<Unsaid> unsaid;
    const auto take = [&](Entry& entry) {
        if (entry.left_out > 0) {
            unsaid.push_back({entry.level, entry.event, std::exchange(entry.left_out, 0)});
        }
    };
    for (auto& [key, entry] : entries_)
        take(entry);
    take(shared_);
    return unsaid;
}

}  // namespace gatewayd::log
