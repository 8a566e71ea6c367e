// Bans: addresses that may not connect for a while. They are few; one lock, taken at handshakes. Any thread.
#ifndef GATEWAYD_PLUGINS_LIMITS_BANS_H
#define GATEWAYD_PLUGINS_LIMITS_BANS_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace limits {

struct Ban {
    std::string key;   // of the address, or of its /64
    std::string name;  // the same for people
    std::string why;
    int64_t until_ms = 0;  // since 1970
};

class Bans {
   public:
    static constexpr size_t max_bans = 100'000;

    // False: there are max_bans already, all of them in force.
    bool add(Ban ban, int64_t now_ms);
    bool lift(std::string_view key);
    size_t lift_all();
    // 0: not banned; else how long still.
    int64_t left_ms(std::string_view key, int64_t now_ms);
    // Those in force, the latest to end first; at most `limit`.
    std::vector<Ban> list(int64_t now_ms, size_t limit) const;
    // For a successor: those in force, a line each; load() adds them. A line that is none is passed over.
    std::string save(int64_t now_ms) const;
    void load(std::string_view saved, int64_t now_ms);
    size_t size() const { return size_.load(std::memory_order_relaxed); }

   private:
    void forget_ended(int64_t now_ms);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Ban> bans_;
    std::atomic<size_t> size_{0};  // so that nobody locks while there is none
};

}  // namespace limits

#endif
