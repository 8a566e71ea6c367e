#include "tracked.h"

#include <functional>

namespace limits {
namespace {

constexpr int64_t sweep_interval_ns = 10 * ns_per_s;

}  // namespace

TrackedPtr TrackedTable::find(std::string_view key, int64_t now_ns) {
    Shard& shard = shards_[std::hash<std::string_view>()(key) % shard_count];
    const std::lock_guard<std::mutex> lock(shard.mutex);
    std::string text(key);
    const auto found = shard.entries.find(text);
    if (found != shard.entries.end()) return found->second;
    if (now_ns >= shard.next_sweep_ns) sweep(shard, now_ns);
    if (shard.entries.size() >= max_per_shard_) return shard.shared;
    return shard.entries.emplace(std::move(text), std::make_shared<Tracked>()).first->second;
}

// At most once in sweep_interval: an attacker's new keys must not buy a walk through the table each.
void TrackedTable::sweep(Shard& shard, int64_t now_ns) const {
    shard.next_sweep_ns = now_ns + sweep_interval_ns;
    for (auto at = shard.entries.begin(); at != shard.entries.end();) {
        const bool is_used = at->second.use_count() > 1;
        at = !is_used && at->second->is_full(now_ns) ? shard.entries.erase(at) : std::next(at);
    }
}

size_t TrackedTable::size() const {
    size_t count = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard<std::mutex> lock(shard.mutex);
        count += shard.entries.size();
    }
    return count;
}

}  // namespace limits
