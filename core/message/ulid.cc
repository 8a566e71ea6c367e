#include "core/message/ulid.h"

#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gatewayd {
namespace {

constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's: no I, L, O, U
constexpr int64_t max_ulid_ms = (int64_t{1} << 48) - 1;
constexpr size_t time_chars = 10;
constexpr size_t half_chars = 8;  // 40 of the 80 random bits

// The lowest 5 * count bits of value.
void encode(uint64_t value, size_t count, char* out) {
    for (size_t i = count; i-- != 0; value >>= 5) {
        out[i] = alphabet[value & 31];
    }
}

uint64_t rotate_left(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

// xoshiro256++ of Blackman and Vigna.
uint64_t next_random(uint64_t (&state)[4]) {
    const uint64_t result = rotate_left(state[0] + state[3], 23) + state[0];
    const uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

void put_digits(int value, int count, char* out) {
    for (int i = count; i-- != 0; value /= 10) {
        out[i] = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

UlidMaker::UlidMaker() {
    auto* bytes = reinterpret_cast<char*>(state_);
    size_t filled = 0;
    while (filled != sizeof state_) {
        const ssize_t got = getrandom(bytes + filled, sizeof state_ - filled, 0);
        if (got > 0) {
            filled += static_cast<size_t>(got);
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
    }
    state_[0] |= 1;  // all zeros would stay zeros
}

std::string_view UlidMaker::next(int64_t wall_ms) {
    wall_ms = std::clamp<int64_t>(wall_ms, 0, max_ulid_ms);
    bool fresh = wall_ms > last_ms_;
    if (!fresh) {
        // The same millisecond, or a clock that went back: step on by 1 to 2^56, so that one id does not
        // give the next one away. The first of a millisecond leaves room for 2^23 such steps.
        const uint64_t low = random_low_ + 1 + (next_random(state_) >> 8);
        if (low < random_low_) ++random_high_;
        random_low_ = low;
        fresh = random_high_ > 0xFFFF;
        wall_ms = fresh ? std::min(last_ms_ + 1, max_ulid_ms) : last_ms_;
    }
    if (fresh) {
        last_ms_ = wall_ms;
        random_high_ = next_random(state_) >> 49;  // 15 bits
        random_low_ = next_random(state_);
        encode(static_cast<uint64_t>(last_ms_), time_chars, text_.data());
    }
    encode(random_high_ << 24 | random_low_ >> 40, half_chars, text_.data() + time_chars);
    encode(random_low_, half_chars, text_.data() + time_chars + half_chars);
    return {text_.data(), text_.size()};
}

std::string_view Rfc3339Clock::format(int64_t wall_ms) {
    constexpr int64_t end_of_year_9999_ms = 253402300799999;
    wall_ms = std::clamp<int64_t>(wall_ms, 0, end_of_year_9999_ms);
    if (wall_ms == formatted_ms_) return {text_.data(), text_.size()};
    const int64_t second = wall_ms / 1000;
    if (second != formatted_second_) {
        const time_t seconds = second;
        tm utc{};
        gmtime_r(&seconds, &utc);
        put_digits(utc.tm_year + 1900, 4, text_.data());
        put_digits(utc.tm_mon + 1, 2, text_.data() + 5);
        put_digits(utc.tm_mday, 2, text_.data() + 8);
        put_digits(utc.tm_hour, 2, text_.data() + 11);
        put_digits(utc.tm_min, 2, text_.data() + 14);
        put_digits(utc.tm_sec, 2, text_.data() + 17);
        text_[4] = text_[7] = '-';
        text_[10] = 'T';
        text_[13] = text_[16] = ':';
        text_[19] = '.';
        text_[23] = 'Z';
        formatted_second_ = second;
    }
    put_digits(static_cast<int>(wall_ms % 1000), 3, text_.data() + 20);
    formatted_ms_ = wall_ms;
    return {text_.data(), text_.size()};
}

}  // namespace gatewayd
