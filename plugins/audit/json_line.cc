#include "json_line.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace audit {
namespace {

// Writes value as exactly `digits` digits.
void put_digits(int64_t value, int digits, char* out) {
    for (int i = digits - 1; i >= 0; --i) {
        out[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

struct Date {
    int64_t year, month, day;
};

// The Gregorian date of a day counted from 1970-01-01, by years that begin in March, so that a leap day is
// the last of its year; days of 400 years: 146,097.
Date date_of(int64_t days) {
    days += 719468;  // from 0000-03-01
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

// Text between quotes; what needs no escaping goes in runs.
void escape(std::string_view value, std::string* out) {
    static constexpr char hex[] = "0123456789abcdef";
    size_t start = 0;
    for (size_t i = 0; i < value.size(); ++i) {
        const auto c = static_cast<unsigned char>(value[i]);
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        out->append(value, start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\') {
            *out += '\\';
            *out += static_cast<char>(c);
        } else {
            *out += "\\u00";
            *out += hex[c >> 4];
            *out += hex[c & 15];
        }
    }
    out->append(value, start);
}

}  // namespace

void JsonLine::key(std::string_view key) {
    text_ += ",\"";
    text_ += key;
    text_ += "\":";
}

void JsonLine::text(std::string_view key_name, std::string_view value) {
    key(key_name);
    text_ += '"';
    escape(value, &text_);
    text_ += '"';
}

void JsonLine::number(std::string_view key_name, int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    key(key_name);
    text_.append(digits, end);
}

void JsonLine::time(std::string_view key_name, int64_t ms_since_1970) {
    constexpr int64_t day_ms = 86400000;
    int64_t days = ms_since_1970 / day_ms;
    int64_t rest = ms_since_1970 % day_ms;
    if (rest < 0) {
        rest += day_ms;
        --days;
    }
    const Date date = date_of(days);
    char out[] = "\"0000-00-00T00:00:00.000Z\"";
    put_digits(date.year, 4, out + 1);
    put_digits(date.month, 2, out + 6);
    put_digits(date.day, 2, out + 9);
    put_digits(rest / 3600000, 2, out + 12);
    put_digits(rest / 60000 % 60, 2, out + 15);
    put_digits(rest / 1000 % 60, 2, out + 18);
    put_digits(rest % 1000, 3, out + 21);
    key(key_name);
    text_ += out;
}

void JsonLine::json(std::string_view key_name, std::string_view value) {
    key(key_name);
    const size_t start = text_.size();
    text_ += value;
    // A raw line feed in JSON can only be space between its parts, and would end our line.
    std::replace_if(
        text_.begin() + static_cast<std::ptrdiff_t>(start), text_.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

std::string_view JsonLine::finish() {
    if (text_.empty()) text_ = ",";
    text_[0] = '{';  // in place of the first comma
    text_ += "}\n";
    return text_;
}

}  // namespace audit
