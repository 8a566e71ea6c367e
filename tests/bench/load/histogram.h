// Latencies in buckets of at most 3 % width, from 1 ns to hours, in 15 KB.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_HISTOGRAM_H
#define GATEWAYD_TESTS_BENCH_LOAD_HISTOGRAM_H

#include <cstdint>
#include <vector>

namespace load {

class Histogram {
   public:
    void add(uint64_t value_ns) {
        ++buckets_[bucket_of(value_ns)];
        ++count_;
    }
    uint64_t count() const { return count_; }

    // The lower end of the bucket that holds this share of all values, 0.5 for the median; 0 when empty.
    uint64_t quantile_ns(double share) const {
        const auto rank = static_cast<uint64_t>(share * static_cast<double>(count_));
        uint64_t seen = 0;
        for (uint32_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > rank) return floor_of(i);
        }
        return 0;
    }

   private:
    static constexpr uint32_t bits = 5;  // 32 buckets for each power of two

    static uint32_t bucket_of(uint64_t value) {
        if (value < (1U << bits)) return static_cast<uint32_t>(value);
        const uint32_t shift = 63 - static_cast<uint32_t>(__builtin_clzll(value)) - bits;
        return ((shift + 1) << bits) + static_cast<uint32_t>((value >> shift) - (1U << bits));
    }
    static uint64_t floor_of(uint32_t bucket) {
        const uint32_t power = bucket >> bits;
        const uint64_t rest = bucket & ((1U << bits) - 1);
        return power == 0 ? rest : (rest + (1U << bits)) << (power - 1);
    }

    std::vector<uint64_t> buckets_ = std::vector<uint64_t>((64 - bits + 1) << bits, 0);
    uint64_t count_ = 0;
};

}  // namespace load

#endif
