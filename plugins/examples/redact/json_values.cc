#include "json_values.h"

#include <cstdint>

namespace redact {
namespace {

uint32_t hex4(std::string_view text) {
    uint32_t value = 0;
    for (const char c : text.substr(0, 4))
        value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    return value;
}

void append_utf8(uint32_t code, std::string* out) {
    const auto put = [&](uint32_t byte) { *out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

// What stands between the quotes, unescaped.
std::string decoded(std::string_view raw) {
    std::string text;
    for (size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            text += raw[i];
            continue;
        }
        const char c = raw[++i];
        if (c == 'u') {
            uint32_t code = hex4(raw.substr(i + 1));
            i += 4;
            if (code >= 0xD800 && code < 0xDC00 && i + 6 < raw.size()) {  // the first half of two
                code = 0x10000 + ((code - 0xD800) << 10) + (hex4(raw.substr(i + 3)) - 0xDC00);
                i += 6;
            }
            append_utf8(code, &text);
        } else {
            constexpr std::string_view names = "bfnrt";
            const size_t known = names.find(c);
            text += known == std::string_view::npos ? c : "\b\f\n\r\t"[known];
        }
    }
    return text;
}

void append_quoted(std::string_view text, std::string* out) {
    constexpr char digits[] = "0123456789abcdef";
    *out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            *out += '\\';
            *out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            *out += "\\u00";
            *out += digits[c >> 4];
            *out += digits[c & 15];
        } else {
            *out += c;
        }
    }
    *out += '"';
}

}  // namespace

std::optional<std::string> masked_json(std::string_view json, const Masks& masks) {
    std::string out;
    bool changed = false;
    for (size_t at = 0; at < json.size();) {
        size_t end = at;
        std::string text;
        bool is_value = true;
        if (json[at] == '"') {
            for (end = at + 1; json[end] != '"'; ++end)
                end += json[end] == '\\';
            text = decoded(json.substr(at + 1, end - at - 1));
            ++end;
            const size_t behind = json.find_first_not_of(" \t\r\n", end);
            is_value = behind == std::string_view::npos || json[behind] != ':';
        } else {
            end = json.find_first_not_of("0123456789", at);
            if (end == std::string_view::npos) end = json.size();
            text = json.substr(at, end - at);
            if (end == at) end = at + 1;
            // A fraction or an exponent is no card.
            const bool whole =
                (at == 0 || json[at - 1] != '.') &&
                (end == json.size() || std::string_view(".eE").find(json[end]) == std::string_view::npos);
            is_value = whole && !text.empty();
        }
        if (is_value && masks.apply(&text)) {
            append_quoted(text, &out);
            changed = true;
        } else {
            out += json.substr(at, end - at);
        }
        at = end;
    }
    if (!changed) return std::nullopt;
    return out;
}

}  // namespace redact
