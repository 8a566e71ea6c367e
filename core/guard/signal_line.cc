#include "core/guard/signal_line.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatewayd {
namespace {

constexpr int write_patience_ms = 500;

// Days since 1970 as a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
// algorithms"); gmtime takes a lock.
struct Date {
    uint64_t year;
    unsigned month;
    unsigned day;
};
Date date_of(uint64_t days) {
    const uint64_t z = days + 719468;
    const uint64_t era = z / 146097;
    const uint64_t doe = z - era * 146097;
    const uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const uint64_t mp = (5 * doy + 2) / 153;
    const auto day = static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1);
    const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
    return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

bool is_plain(const char* text) {
    for (; *text; ++text) {
        const char c = *text;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::strchr("-_.:/+@,", c) != nullptr;
        if (!plain) return false;
    }
    return true;
}

}  // namespace

SignalLine::SignalLine(bool json, const char* event) : json_(json) {
    if (json_) {
        raw("{\"time\":\"");
        time();
        raw("\",\"level\":\"error\",\"event\":\"");
        escaped(event, false);
        raw('"');
    } else {
        time();
        raw(" error ");
        escaped(event, true);
    }
}

void SignalLine::raw(char c) {
    if (size_ < room) text_[size_++] = c;
}

void SignalLine::raw(const char* text) {
    for (; *text; ++text)
        raw(*text);
}

void SignalLine::escaped(const char* text, bool bare) {
    for (; *text; ++text) {
        const auto byte = static_cast<unsigned char>(*text);
        if (byte < 0x20 || byte >= 0x7F) {
            raw('?');
        } else {
            if (!bare && (*text == '"' || *text == '\\')) raw('\\');
            raw(*text);
        }
    }
}

void SignalLine::digits(uint64_t value, unsigned base, unsigned at_least) {
    char reversed[24];
    unsigned count = 0;
    do {
        reversed[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (count < at_least)
        reversed[count++] = '0';
    while (count > 0)
        raw(reversed[--count]);
}

void SignalLine::time() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto seconds = static_cast<uint64_t>(now.tv_sec);
    const Date date = date_of(seconds / 86400);
    const uint64_t of_day = seconds % 86400;
    digits(date.year, 10, 4);
    raw('-');
    digits(date.month, 10, 2);
    raw('-');
    digits(date.day, 10, 2);
    raw('T');
    digits(of_day / 3600, 10, 2);
    raw(':');
    digits(of_day / 60 % 60, 10, 2);
    raw(':');
    digits(of_day % 60, 10, 2);
    raw('.');
    digits(static_cast<uint64_t>(now.tv_nsec) / 1'000'000, 10, 3);
    raw('Z');
}

void SignalLine::begin_field(const char* key) {
    if (json_) {
        raw(",\"");
        raw(key);
        raw("\":");
    } else {
        raw(' ');
        raw(key);
        raw('=');
    }
}

SignalLine& SignalLine::field(const char* key, const char* text) {
    if (text == nullptr || *text == '\0') return *this;
    begin_field(key);
    const bool quoted = json_ || !is_plain(text);
    if (quoted) raw('"');
    escaped(text, !quoted);
    if (quoted) raw('"');
    return *this;
}

SignalLine& SignalLine::number(const char* key, uint64_t value) {
    begin_field(key);
    digits(value, 10);
    return *this;
}

SignalLine& SignalLine::address(const char* key, uint64_t value) {
    begin_field(key);
    raw(json_ ? "\"0x" : "0x");
    digits(value, 16);
    if (json_) raw('"');
    return *this;
}

SignalLine& SignalLine::place(const char* key, const char* file, uint64_t offset) {
    begin_field(key);
    const bool quoted = json_ || !is_plain(file);
    if (quoted) raw('"');
    escaped(file, !quoted);
    raw("+0x");
    digits(offset, 16);
    if (quoted) raw('"');
    return *this;
}

void SignalLine::write(int fd) {
    if (json_) text_[size_++] = '}';
    text_[size_++] = '\n';
    write_at_once(fd, text_, size_);
}

void write_at_once(int fd, const char* bytes, size_t size) {
    while (size > 0) {
        pollfd ready{fd, POLLOUT, 0};
        const int polled = ::poll(&ready, 1, write_patience_ms);
        if (polled < 0 && errno == EINTR) continue;
        if (polled <= 0) return;
        const ssize_t written = ::write(fd, bytes, size);
        if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (written <= 0) return;
        bytes += written;
        size -= static_cast<size_t>(written);
    }
}

}  // namespace gatewayd
