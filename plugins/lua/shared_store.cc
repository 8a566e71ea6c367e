#include "shared_store.h"

namespace lua {
namespace {

constexpr uint64_t between_sweeps_ns = 1000000000;  // of a full store: no call of a flood pays for each

}  // namespace

bool SharedStore::get(std::string_view key, uint64_t now_ns, Value* out) const {
    const std::string name(key);
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end() || is_over(found->second, now_ns)) return false;
    *out = found->second.value;
    return true;
}

bool SharedStore::set(std::string_view key, Value value, uint64_t now_ns, uint64_t end_ns) {
    const std::string name(key);
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = entries_.find(name);
    if (found == entries_.end()) {
        if (!make_room(now_ns)) return false;
        found = entries_.emplace(name, Entry{}).first;
    }
    found->second = Entry{std::move(value), end_ns};
    return true;
}

std::optional<double> SharedStore::add(std::string_view key, double amount, uint64_t now_ns,
                                       uint64_t end_ns) {
    const std::string name(key);
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = entries_.find(name);
    if (found == entries_.end()) {
        if (!make_room(now_ns)) return std::nullopt;
        found = entries_.emplace(name, Entry{0.0, end_ns}).first;
    } else if (is_over(found->second, now_ns)) {
        found->second = Entry{0.0, end_ns};
    }
    double* const number = std::get_if<double>(&found->second.value);
    if (number == nullptr) return std::nullopt;
    return *number += amount;
}

void SharedStore::remove(std::string_view key) {
    const std::string name(key);
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.erase(name);
}

size_t SharedStore::size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.size();
}

bool SharedStore::make_room(uint64_t now_ns) {
    if (entries_.size() < max_entries_) return true;
    if (now_ns < next_sweep_ns_) return false;
    next_sweep_ns_ = now_ns + between_sweeps_ns;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        entry = is_over(entry->second, now_ns) ? entries_.erase(entry) : std::next(entry);
    }
    return entries_.size() < max_entries_;
}

}  // namespace lua
