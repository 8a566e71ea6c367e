// Rate and Bucket: so much a second, and so much at once. A bucket is a single number, the time at which it
// will be full again (the generic cell rate algorithm, ITU-T I.371): taking is one compare-and-swap. Any
// thread; OwnBucket: one thread at a time, and no locked instruction.
#ifndef GATEWAYD_PLUGINS_LIMITS_BUCKET_H
#define GATEWAYD_PLUGINS_LIMITS_BUCKET_H

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace limits {

constexpr int64_t ns_per_s = 1'000'000'000;

// A value; what it costs is worked out once.
class Rate {
   public:
    Rate() = default;
    // per_second: 0: no limit. burst: that may come at once after a rest; at least 1.
    Rate(double per_second, double burst)
        : per_second_(per_second),
          ns_each_(per_second > 0 ? static_cast<double>(ns_per_s) / per_second : 0),
          depth_ns_(cost_ns(std::max(burst, 1.0))) {}
    double per_second() const { return per_second_; }

    bool limits() const { return ns_each_ > 0; }
    int64_t cost_ns(double amount) const { return static_cast<int64_t>(amount * ns_each_); }
    int64_t depth_ns() const { return depth_ns_; }

   private:
    double per_second_ = 0;
    double ns_each_ = 0;
    int64_t depth_ns_ = 0;
};

// What is done with the time at which a bucket is full; *full_at_ns becomes the one after the taking. 0:
// taken. Else nothing was taken, and so many ns later there will be enough; what is more than the bucket ever
// holds is taken when it is full, and it is empty for as long as that is worth.
inline int64_t take_from(int64_t* full_at_ns, const Rate& rate, double amount, int64_t now_ns) {
    const int64_t cost = rate.cost_ns(amount);
    const int64_t depth = rate.depth_ns();
    const int64_t from = std::max(*full_at_ns, now_ns);
    const int64_t wanted = std::min(cost, depth);  // what has to be there
    const int64_t short_by = from + wanted - now_ns - depth;
    if (short_by > 0) return short_by;
    *full_at_ns = from + cost;
    return 0;
}

class OwnBucket {
   public:
    int64_t take(const Rate& rate, double amount, int64_t now_ns) {
        return rate.limits() ? take_from(&full_at_ns_, rate, amount, now_ns) : 0;
    }

   private:
    int64_t full_at_ns_ = 0;
};

class Bucket {
   public:
    int64_t take(const Rate& rate, double amount, int64_t now_ns) {
        if (!rate.limits()) return 0;
        int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
        for (;;) {
            int64_t after = full_at;
            if (const int64_t short_by = take_from(&after, rate, amount, now_ns)) return short_by;
            if (full_at_ns_.compare_exchange_weak(full_at, after, std::memory_order_relaxed)) return 0;
        }
    }
    // Nobody would notice if it were made anew.
    bool is_full(int64_t now_ns) const { return full_at_ns_.load(std::memory_order_relaxed) <= now_ns; }

   private:
    std::atomic<int64_t> full_at_ns_{0};
};

}  // namespace limits

#endif
