// TrackedTable: what is counted of each address and each user, for as long as it matters. Sharded, short
// locks; touched at handshakes and when a connection comes or goes, never by messages: a connection keeps
// what it found. Any thread.
#ifndef GATEWAYD_PLUGINS_LIMITS_TRACKED_H
#define GATEWAYD_PLUGINS_LIMITS_TRACKED_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bucket.h"

namespace limits {

// One address, or one user.
struct Tracked {
    Bucket messages;
    Bucket bytes;
    Bucket handshakes;
    Bucket refusals;  // how many of its messages and handshakes may be refused before it is abuse

    bool is_full(int64_t now_ns) const {
        return messages.is_full(now_ns) && bytes.is_full(now_ns) && handshakes.is_full(now_ns) &&
               refusals.is_full(now_ns);
    }
};
using TrackedPtr = std::shared_ptr<Tracked>;

class TrackedTable {
   public:
    explicit TrackedTable(size_t max_entries) : max_per_shard_(max_entries / shard_count + 1) {}

    // Made when it is not there. A full table forgets what nobody would notice; when all of it matters, those
    // that are new share one entry, so that a flood of keys limits itself.
    TrackedPtr find(std::string_view key, int64_t now_ns);
    size_t size() const;

   private:
    static constexpr size_t shard_count = 64;
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, TrackedPtr> entries;
        TrackedPtr shared = std::make_shared<Tracked>();
        int64_t next_sweep_ns = 0;
    };
    void sweep(Shard& shard, int64_t now_ns) const;

    const size_t max_per_shard_;
    std::array<Shard, shard_count> shards_;
};

}  // namespace limits

#endif
