// Ids of users, groups, tickets: the gateway's own rule, and ids that nobody guesses. Pure functions: any
// thread.
#ifndef GATEWAYD_PLUGINS_COMMON_IDS_H
#define GATEWAYD_PLUGINS_COMMON_IDS_H

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace ids {

inline constexpr size_t max_bytes = 128;

// 1 to 128 bytes without control characters: so a tab can part two ids in a key.
inline bool is_id(std::string_view id) {
    if (id.empty() || id.size() > max_bytes) return false;
    for (const char c : id) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    }
    return true;
}

inline constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";

// `count` letters and digits, 5 bits each.
inline std::string random_digits(size_t count) {
    static constexpr size_t digits_a_draw = 6;
    std::random_device random;
    std::string text;
    uint32_t bits = 0;
    for (size_t i = 0; i < count; ++i, bits >>= 5) {
        if (i % digits_a_draw == 0) bits = random();
        text.push_back(digits[bits & 31]);
    }
    return text;
}

// 26 letters and digits: 10 of the time, so that ids in order are in the order of their making, and 16 that
// nobody guesses.
inline std::string timed_id(int64_t now_ms) {
    std::string id(10, '0');
    for (size_t i = id.size(); i-- > 0; now_ms >>= 5)
        id[i] = digits[static_cast<size_t>(now_ms) & 31];
    return id + random_digits(16);
}

}  // namespace ids

#endif
