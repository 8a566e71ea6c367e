// The accounting of one flow: what one recipient got of one sender's numbered messages. It tells lost,
// duplicate and reordered messages apart exactly, and costs one comparison while all goes well.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_FLOW_H
#define GATEWAYD_TESTS_BENCH_LOAD_FLOW_H

#include <cstdint>
#include <set>

namespace load {

class Flow {
   public:
    // Returns false for a message that was received before.
    bool receive(uint32_t sequence) {
        if (sequence == next_) {
            ++next_;
            return true;
        }
        if (sequence > next_) {
            while (next_ < sequence)
                missing_.insert(missing_.end(), next_++);
            ++next_;
            return true;
        }
        if (missing_.erase(sequence) == 1) {
            ++reordered_;
            return true;
        }
        ++duplicate_;
        return false;
    }

    // Of the messages 0 to sent - 1, those that never came.
    uint64_t lost(uint32_t sent) const { return missing_.size() + (sent > next_ ? sent - next_ : 0); }
    uint64_t duplicate() const { return duplicate_; }
    uint64_t reordered() const { return reordered_; }

   private:
    uint32_t next_ = 0;           // above every sequence number received
    std::set<uint32_t> missing_;  // below next_ and not received
    uint64_t duplicate_ = 0;
    uint64_t reordered_ = 0;
};

}  // namespace load

#endif
