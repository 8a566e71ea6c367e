#include "backoff.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>

namespace webhook {
namespace {

constexpr uint64_t ms_per_s = 1000;

// "Wed, 21 Oct 2026 07:28:00 GMT"; -1: it is none.
int64_t date_s(std::string_view value) {
    static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::string text(value);
    char day_name[4] = "";
    char month[4] = "";
    char zone[4] = "";
    std::tm date{};
    if (std::sscanf(text.c_str(), "%3s, %2d %3s %4d %2d:%2d:%2d %3s", day_name, &date.tm_mday, month,
                    &date.tm_year, &date.tm_hour, &date.tm_min, &date.tm_sec, zone) != 8) {
        return -1;
    }
    const auto found = std::find_if(months.begin(), months.end(),
                                    [&](const char* name) { return month == std::string(name); });
    if (found == months.end() || std::string(zone) != "GMT") return -1;
    date.tm_mon = static_cast<int>(found - months.begin());
    date.tm_year -= 1900;
    return static_cast<int64_t>(::timegm(&date));
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
    const int64_t at_s = date_s(value);
    if (at_s < 0) return std::nullopt;
    if (at_s <= now_s) return 0;
    return std::min(static_cast<uint64_t>(at_s - now_s) * ms_per_s, max_retry_after_ms);
}

}  // namespace webhook
