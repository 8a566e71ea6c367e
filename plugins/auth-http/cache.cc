#include "cache.h"

#include <iterator>

namespace auth_http {

void Cache::erase(Entries::iterator entry) {
    places_.erase(entry->key);
    entries_.erase(entry);
}

OutcomePtr Cache::find(const Key& key, int64_t now_ms) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    if (found->second->until_ms > now_ms) return found->second->outcome;
    erase(found->second);
    return nullptr;
}

void Cache::put(const Key& key, OutcomePtr outcome, int64_t until_ms, int64_t now_ms) {
    if (until_ms <= now_ms) return;
    if (const auto found = places_.find(key); found != places_.end()) erase(found->second);
    while (!entries_.empty() && (entries_.size() >= max_entries_ || entries_.front().until_ms <= now_ms))
        erase(entries_.begin());
    entries_.push_back({key, std::move(outcome), until_ms});
    places_.emplace(key, std::prev(entries_.end()));
}

size_t Cache::forget_all() {
    const size_t count = entries_.size();
    places_.clear();
    entries_.clear();
    return count;
}

size_t Cache::forget_user(std::string_view user_id) {
    const size_t before = entries_.size();
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        if (entry->outcome->who.user_id == user_id) erase(entry);
        entry = next;
    }
    return before - entries_.size();
}

}  // namespace auth_http
