#include "backoff.h"

#include <algorithm>
#include <ctime>
#include <string>

namespace webhook {
namespace {

constexpr uint64_t ms_per_s = 1000;

// "Wed, 21 Oct 2026 07:28:00 GMT"; -1: it is none.
int64_t date_s(const std::string& text) {
    std::tm date{};
    const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    return end != nullptr && *end == '\0' ? static_cast<int64_t>(::timegm(&date)) : -1;
}

}  // namespace

uint64_t backoff_ms(uint32_t attempts, uint64_t min_ms, uint64_t max_ms, double chance) {
    uint64_t wait_ms = min_ms;
    for (uint32_t i = 1; i < attempts && wait_ms < max_ms; ++i)
        wait_ms *= 2;
    wait_ms = std::min(wait_ms, max_ms);
    return wait_ms - static_cast<uint64_t>(static_cast<double>(wait_ms) / 2 * (1 - chance));
}

std::optional<uint64_t> retry_after_ms(std::string_view value, int64_t now_s) {
    if (value.empty()) return std::nullopt;
    if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        constexpr size_t most_digits = 9;
        if (value.size() > most_digits) return max_retry_after_ms;
        return std::min(uint64_t{std::stoull(std::string(value))} * ms_per_s, max_retry_after_ms);
    }
    const int64_t at_s = date_s(std::string(value));
    if (at_s < 0) return std::nullopt;
    if (at_s <= now_s) return 0;
    return std::min(static_cast<uint64_t>(at_s - now_s) * ms_per_s, max_retry_after_ms);
}

}  // namespace webhook
