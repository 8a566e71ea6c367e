#include "core/base/log_format.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <iterator>

namespace gatewayd::log {
namespace {

struct Character {
    uint32_t code_point;  // of bytes that are not UTF-8: the byte
    size_t length;
    bool valid;
};

// Lenient about what a log line need not care for (overlong forms, surrogates are refused all the same).
Character character_at(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) -> uint32_t {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
    const uint32_t lead = byte(at);
    if (lead < 0x80) return {lead, 1, true};
    if (lead >= 0xC2 && lead < 0xE0 && continues(at + 1)) {
        return {(lead & 0x1F) << 6 | (byte(at + 1) & 0x3F), 2, true};
    }
    if ((lead & 0xF0) == 0xE0 && continues(at + 1) && continues(at + 2)) {
        const uint32_t cp = (lead & 0x0F) << 12 | (byte(at + 1) & 0x3F) << 6 | (byte(at + 2) & 0x3F);
        if (cp >= 0x800 && (cp < 0xD800 || cp > 0xDFFF)) return {cp, 3, true};
    }
    if (lead >= 0xF0 && lead < 0xF5 && continues(at + 1) && continues(at + 2) && continues(at + 3)) {
        const uint32_t cp = (lead & 0x07) << 18 | (byte(at + 1) & 0x3F) << 12 | (byte(at + 2) & 0x3F) << 6 |
                            (byte(at + 3) & 0x3F);
        if (cp >= 0x10000 && cp <= 0x10FFFF) return {cp, 4, true};
    }
    return {lead, 1, false};
}

// What can end a line, or hide or move something on somebody's screen: controls, line separators, direction
// marks and overrides, characters without width.
bool is_unprintable(uint32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0xAD ||
           code_point == 0x61C || (code_point >= 0x200B && code_point <= 0x200F) ||
           (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2060 && code_point <= 0x206F) ||
           code_point == 0xFEFF;
}

bool is_plain(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || byte == '"' || byte == '\\' || byte == '=') return false;
    }
    return !text.empty();
}

enum class Escape : uint8_t { json, quoted_text, bare_text };

void append_escaped(std::string_view text, Escape how, std::string* out) {
    for (size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        const bool quotes = how != Escape::bare_text;
        if (!c.valid) {
            if (how == Escape::json) {
                out->append("\xEF\xBF\xBD");
            } else {
                fmt::format_to(std::back_inserter(*out), "\\x{:02x}", c.code_point);
            }
        } else if (quotes && (c.code_point == '"' || c.code_point == '\\')) {
            out->push_back('\\');
            out->push_back(static_cast<char>(c.code_point));
        } else if (c.code_point == '\n') {
            out->append("\\n");
        } else if (is_unprintable(c.code_point)) {
            fmt::format_to(std::back_inserter(*out), "\\u{:04x}", c.code_point);
        } else {
            out->append(text, at, c.length);
        }
        at += c.length;
    }
}

void append_quoted(std::string_view text, Escape how, std::string* out) {
    out->push_back('"');
    append_escaped(text, how, out);
    out->push_back('"');
}

struct AppendValue {
    bool json;
    std::string* out;

    void operator()(std::string_view text) const {
        if (json) {
            append_quoted(text, Escape::json, out);
        } else if (is_plain(text)) {
            out->append(text);
        } else {
            append_quoted(text, Escape::quoted_text, out);
        }
    }
    void operator()(int64_t number) const { fmt::format_to(std::back_inserter(*out), "{}", number); }
    void operator()(uint64_t number) const { fmt::format_to(std::back_inserter(*out), "{}", number); }
    void operator()(double number) const {
        if (json && !std::isfinite(number)) {
            out->append("null");
        } else {
            fmt::format_to(std::back_inserter(*out), "{}", number);
        }
    }
    void operator()(bool value) const { out->append(value ? "true" : "false"); }
};

}  // namespace

const char* level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "unknown";
}

void append_time(std::chrono::system_clock::time_point time, std::string* out) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const int64_t ms = duration_cast<milliseconds>(time.time_since_epoch()).count();
    const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000);
}

void append_text_line(std::chrono::system_clock::time_point time, LogLevel level, std::string_view event,
                      FieldRange fields, std::string* out) {
    append_time(time, out);
    fmt::format_to(std::back_inserter(*out), " {:<5} ", level_name(level));
    append_escaped(event, Escape::bare_text, out);
    for (size_t i = 0; i < fields.size; ++i) {
        out->push_back(' ');
        out->append(fields.data[i].key);
        out->push_back('=');
        std::visit(AppendValue{false, out}, fields.data[i].value);
    }
}

void append_json_line(std::chrono::system_clock::time_point time, LogLevel level, std::string_view event,
                      FieldRange fields, std::string* out) {
    out->append("{\"time\":\"");
    append_time(time, out);
    out->append("\",\"level\":\"");
    out->append(level_name(level));
    out->append("\",\"event\":");
    append_quoted(event, Escape::json, out);
    for (size_t i = 0; i < fields.size; ++i) {
        out->push_back(',');
        append_quoted(fields.data[i].key, Escape::json, out);
        out->push_back(':');
        std::visit(AppendValue{true, out}, fields.data[i].value);
    }
    out->push_back('}');
}

}  // namespace gatewayd::log
