// LogLimiter: says which of many equal lines are worth writing: the first of a key, then one in each window
// with the number of those left out. Owned by the log, under its mutex; no clock of its own.
#ifndef GATEWAYD_CORE_BASE_LOG_LIMITER_H
#define GATEWAYD_CORE_BASE_LOG_LIMITER_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/config/settings.h"

namespace gatewayd::log {

class LogLimiter {
   public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds window{10};
    static constexpr size_t max_keys = 1024;

    struct Verdict {
        bool write = false;
        bool first_left_out = false;  // of this window
        uint64_t repeated = 0;        // lines of this key that were left out since the last one written
    };
    // A line left out that nothing has told of yet.
    struct Unsaid {
        LogLevel level;
        std::string event;
        uint64_t repeated;
    };

    // `allowed`: how many lines of the key may be written in a window.
    Verdict note(LogLevel level, std::string_view key, std::string_view event, TimePoint now,
                 uint32_t allowed = 1);
    // What was counted and not said, once.
    std::vector<Unsaid> take_unsaid();

   private:
    struct Entry {
        TimePoint written_at;  // the first line of the window
        uint32_t written = 0;  // in the window
        uint64_t left_out = 0;
        LogLevel level = LogLevel::info;
        std::string event;
    };
    // The entry of this key, or the shared one when the table is full. *is_new: nothing written of it yet.
    Entry& entry_of(std::string_view key, TimePoint now, bool* is_new);

    std::unordered_map<std::string, Entry> entries_;
    Entry shared_;
    bool shared_used_ = false;
    TimePoint cleaned_at_{};
};

}  // namespace gatewayd::log

#endif
