#include "bans.h"

#include <algorithm>
#include <sstream>

namespace limits {

bool Bans::add(Ban ban, int64_t now_ms) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bans_.size() >= max_bans) forget_ended(now_ms);
    const auto found = bans_.find(ban.key);
    if (found == bans_.end() && bans_.size() >= max_bans) return false;
    if (found != bans_.end()) {
        found->second = std::move(ban);
    } else {
        std::string key = ban.key;
        bans_.emplace(std::move(key), std::move(ban));
    }
    size_.store(bans_.size(), std::memory_order_relaxed);
    return true;
}

bool Bans::lift(std::string_view key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool was_there = bans_.erase(std::string(key)) != 0;
    size_.store(bans_.size(), std::memory_order_relaxed);
    return was_there;
}

size_t Bans::lift_all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t count = bans_.size();
    bans_.clear();
    size_.store(0, std::memory_order_relaxed);
    return count;
}

int64_t Bans::left_ms(std::string_view key, int64_t now_ms) {
    if (size() == 0) return 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = bans_.find(std::string(key));
    if (found == bans_.end()) return 0;
    if (found->second.until_ms > now_ms) return found->second.until_ms - now_ms;
    bans_.erase(found);
    size_.store(bans_.size(), std::memory_order_relaxed);
    return 0;
}

std::vector<Ban> Bans::list(int64_t now_ms, size_t limit) const {
    std::vector<Ban> found;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& [key, ban] : bans_) {
            if (ban.until_ms > now_ms) found.push_back(ban);
        }
    }
    std::sort(found.begin(), found.end(), [](const Ban& a, const Ban& b) {
        return a.until_ms != b.until_ms ? a.until_ms > b.until_ms : a.name < b.name;
    });
    if (found.size() > limit) found.resize(limit);
    return found;
}

// "1764150000000 <key in hex> <name> <why>"
std::string Bans::save(int64_t now_ms) const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string saved;
    for (const Ban& ban : list(now_ms, max_bans)) {
        saved += std::to_string(ban.until_ms) + " ";
        for (const char c : ban.key) {
            const auto byte = static_cast<unsigned char>(c);
            saved.append({digits[byte >> 4], digits[byte & 15]});
        }
        saved += " " + ban.name + " " + ban.why + "\n";
    }
    return saved;
}

void Bans::load(std::string_view saved, int64_t now_ms) {
    std::istringstream lines{std::string(saved)};
    Ban ban;
    for (std::string key; lines >> ban.until_ms >> key >> ban.name;) {
        lines.get();
        std::getline(lines, ban.why);
        ban.key.clear();
        for (size_t i = 0; i + 1 < key.size(); i += 2)
            ban.key += static_cast<char>(std::stoi(key.substr(i, 2), nullptr, 16));
        if (ban.until_ms > now_ms) add(ban, now_ms);
    }
}

void Bans::forget_ended(int64_t now_ms) {
    for (auto at = bans_.begin(); at != bans_.end();)
        at = at->second.until_ms <= now_ms ? bans_.erase(at) : std::next(at);
}

}  // namespace limits
