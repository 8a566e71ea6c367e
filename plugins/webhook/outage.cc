#include "outage.h"

namespace webhook {
namespace {

constexpr uint64_t line_pause_ns = UINT64_C(60) * 1000 * 1000 * 1000;
constexpr uint64_t ns_per_ms = 1000000;

}  // namespace

std::string events_words(uint64_t count) {
    return std::to_string(count) + (count == 1 ? " event" : " events");
}

std::string time_words(uint64_t ms) {
    if (ms < 1000) return std::to_string(ms) + " ms";
    const uint64_t tenths = ms / 100 % 10;
    return std::to_string(ms / 1000) + (tenths == 0 ? "" : "." + std::to_string(tenths)) + " s";
}

void Outage::failed(const std::string& why, size_t waiting, uint64_t retry_ms) {
    const uint64_t now_ns = host_.now_ns();
    ++attempts_;
    const bool first = since_ns_ == 0;
    if (first) since_ns_ = now_ns;
    if (!first && now_ns < next_line_ns_) return;
    next_line_ns_ = now_ns + line_pause_ns;
    const std::string more = first ? std::string()
                                   : " for " + time_words((now_ns - since_ns_) / ns_per_ms) + ", " +
                                         std::to_string(attempts_) + " attempts";
    host_.warn("the back end takes no events" + more + ": " + why + "; " + events_words(waiting) +
               " waiting, next attempt in " + time_words(retry_ms));
}

void Outage::delivered(size_t waiting) {
    if (since_ns_ == 0) return;
    host_.info("the back end takes events again: " + url_ + ", after " +
               time_words((host_.now_ns() - since_ns_) / ns_per_ms) + " and " + std::to_string(attempts_) +
               " attempts; " + events_words(waiting) + " waiting");
    since_ns_ = 0;
    attempts_ = 0;
}

// The gateway counts lines that repeat.
void Outage::refused(const std::string& why, uint32_t events) {
    host_.error(events_words(events) + " given up, refused by the back end: " + why);
}

void Outage::expired(uint32_t events) {
    host_.error(events_words(events) + " given up: give_up_after is over and " + url_ +
                " has not taken them");
}

}  // namespace webhook
