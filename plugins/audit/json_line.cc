#include "json_line.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace audit {
namespace {

constexpr std::string_view time_form = "\"0000-00-00T00:00:00.000Z\"";

// Writes value as exactly `digits` digits.
void put_digits(uint32_t value, int digits, char* out) {
    for (int i = digits - 1; i >= 0; --i) {
        out[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

struct Date {
    int64_t year;
    uint32_t month, day;
};

// The Gregorian date of a day counted from 1970-01-01, by years that begin in March, so that a leap day is
// the last of its year; days of 400 years: 146,097.
Date date_of(int64_t days) {
    days += 719468;  // from 0000-03-01
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = static_cast<uint32_t>(days - era * 146097);
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    const uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr uint64_t each_byte(uint8_t value) {
    return 0x0101010101010101u * value;
}

// Whether one of eight bytes needs escaping: a zero byte of a word is found by the borrow of a subtraction.
bool needs_escape(uint64_t bytes) {
    const auto zero_in = [](uint64_t word) { return (word - each_byte(0x01)) & ~word; };
    const uint64_t control = (bytes - each_byte(0x20)) & ~bytes;
    return ((control | zero_in(bytes ^ each_byte('"')) | zero_in(bytes ^ each_byte('\\')) |
             zero_in(bytes ^ each_byte(0x7F))) &
            each_byte(0x80)) != 0;
}

char* escape_byte(unsigned char c, char* out) {
    static constexpr char hex[] = "0123456789abcdef";
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
        *out++ = static_cast<char>(c);
        return out;
    }
    *out++ = '\\';
    if (c == '"' || c == '\\') {
        *out++ = static_cast<char>(c);
        return out;
    }
    std::memcpy(out, "u00", 3);
    out[3] = hex[c >> 4];
    out[4] = hex[c & 15];
    return out + 5;
}

}  // namespace

char* JsonLine::escape(std::string_view value, char* out) {
    const auto each = [&](size_t from, size_t to) {
        for (; from < to; ++from)
            out = escape_byte(static_cast<unsigned char>(value[from]), out);
    };
    uint64_t bytes;
    size_t at = 0;
    for (; at + sizeof bytes <= value.size(); at += sizeof bytes) {
        std::memcpy(&bytes, value.data() + at, sizeof bytes);
        if (needs_escape(bytes)) {
            each(at, at + sizeof bytes);
        } else {
            std::memcpy(out, &bytes, sizeof bytes);
            out += sizeof bytes;
        }
    }
    const size_t rest = value.size() - at;
    if (rest == 0) return out;
    if (at > 0) {  // the last word, of which the first bytes may stand there already, as they are
        std::memcpy(&bytes, value.data() + value.size() - sizeof bytes, sizeof bytes);
        if (!needs_escape(bytes)) {
            std::memcpy(out + rest - sizeof bytes, &bytes, sizeof bytes);
            return out + rest;
        }
    }
    each(at, value.size());
    return out;
}

void JsonLine::grow(size_t size) {
    const size_t capacity = std::max(capacity_ * 2, size_ + size);
    std::unique_ptr<char[]> bigger(new char[capacity]);
    std::memcpy(bigger.get(), data_, size_);
    big_ = std::move(bigger);
    data_ = big_.get();
    capacity_ = capacity;
}

char* JsonLine::put_number(int64_t value, char* out) {
    return std::to_chars(out, out + number_size, value).ptr;
}

char* JsonLine::put_time(int64_t ms_since_1970, char* out) {
    static_assert(time_form.size() == time_size);
    constexpr int64_t day_ms = 86400000;
    int64_t days = ms_since_1970 / day_ms;
    auto rest = static_cast<int32_t>(ms_since_1970 % day_ms);
    if (rest < 0) {
        rest += static_cast<int32_t>(day_ms);
        --days;
    }
    const Date date = date_of(days);
    const auto ms = static_cast<uint32_t>(rest);
    std::memcpy(out, time_form.data(), time_form.size());
    put_digits(static_cast<uint32_t>(date.year), 4, out + 1);
    put_digits(date.month, 2, out + 6);
    put_digits(date.day, 2, out + 9);
    put_digits(ms / 3600000, 2, out + 12);
    put_digits(ms / 60000 % 60, 2, out + 15);
    put_digits(ms / 1000 % 60, 2, out + 18);
    put_digits(ms % 1000, 3, out + 21);
    return out + time_form.size();
}

char* JsonLine::put_json(std::string_view value, char* out) {
    // A raw line feed in JSON can only be space between its parts, and would end our line.
    return std::replace_copy_if(
        value.begin(), value.end(), out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void JsonLine::fields(std::string_view other) {
    if (other.empty()) return;
    std::memcpy(room(other.size()), other.data(), other.size());
    size_ += other.size();
}

std::string_view JsonLine::finish() {
    if (size_ == 0) size_ = 1;
    data_[0] = '{';  // in place of the first comma
    std::memcpy(room(2), "}\n", 2);
    size_ += 2;
    return fields();
}

}  // namespace audit
