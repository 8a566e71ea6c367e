#include "core/message/json_scan.h"

#include "core/base/hex.h"
#include "core/message/envelope.h"

namespace gatewayd::json {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The four hexadecimal digits of a \u escape, or -1.
int hex_unit(const char* p, const char* end) {
    if (end - p < 4) return -1;
    int unit = 0;
    for (int i = 0; i < 4; ++i) {
        const int value = hex_digit(p[i]);
        if (value < 0) return -1;
        unit = unit << 4 | value;
    }
    return unit;
}

bool is_high_surrogate(int unit) {
    return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(int unit) {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

// From a backslash to behind its escape.
const char* scan_escape(const char* p, const char* end, Error* error) {
    if (end - p < 2) return fail(error, "a string without its closing quote", end);
    switch (p[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return p + 2;
        case 'u':
            break;
        default:
            return fail(error, "an unknown escape", p);
    }
    const int unit = hex_unit(p + 2, end);
    if (unit < 0) return fail(error, "\\u without four hexadecimal digits", p);
    if (is_low_surrogate(unit)) return fail(error, "a lone surrogate", p);
    if (!is_high_surrogate(unit)) return p + 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u' || !is_low_surrogate(hex_unit(p + 8, end))) {
        return fail(error, "a lone surrogate", p);
    }
    return p + 12;
}

const char* scan_digits(const char* p, const char* end) {
    while (p != end && is_digit(*p)) {
        ++p;
    }
    return p;
}

const char* scan_number(const char* p, const char* end, Error* error) {
    if (*p == '-') ++p;
    if (p == end || !is_digit(*p)) return fail(error, "a number without digits", p);
    if (*p == '0') {
        ++p;
        if (p != end && is_digit(*p)) return fail(error, "a number that begins with 0", p);
    } else {
        p = scan_digits(p, end);
    }
    if (p != end && *p == '.') {
        const char* const digits = p + 1;
        p = scan_digits(digits, end);
        if (p == digits) return fail(error, "a number without digits behind its point", p);
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p != end && (*p == '+' || *p == '-')) ++p;
        const char* const digits = p;
        p = scan_digits(digits, end);
        if (p == digits) return fail(error, "a number without digits in its exponent", p);
    }
    return p;
}

const char* scan_word(const char* p, const char* end, std::string_view word, Error* error) {
    if (static_cast<size_t>(end - p) < word.size() || std::memcmp(p, word.data(), word.size()) != 0) {
        return fail(error, "expected a value", p);
    }
    return p + word.size();
}

// From a key's opening quote to behind its colon.
const char* scan_key(const char* p, const char* end, Error* error) {
    if (p == end || *p != '"') return fail(error, "expected a field name in quotes", p);
    bool escaped;
    p = scan_string(p + 1, end, &escaped, error);
    if (p == nullptr) return nullptr;
    p = skip_space(p, end);
    if (p == end || *p != ':') return fail(error, "expected ':'", p);
    return p + 1;
}

char* append_utf8(int code_point, char* out) {
    const auto put = [&out](int byte) { *out++ = static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
    return out;
}

char simple_escape(char c) {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

}  // namespace

const char* fail(Error* error, const char* words, const char* at) {
    error->words = words;
    error->at = at;
    return nullptr;
}

const char* scan_string_rest(const char* p, const char* end, bool* escaped, Error* error) {
    for (;;) {
        if (p == end) return fail(error, "a string without its closing quote", p);
        if (*p == '"') return p + 1;
        if (*p != '\\') return fail(error, "a control character in a string", p);
        *escaped = true;
        p = scan_escape(p, end, error);
        if (p == nullptr) return nullptr;
        p = find_special(p, end);
    }
}

const char* scan_scalar(const char* p, const char* end, Error* error) {
    if (p == end) return fail(error, "expected a value", p);
    switch (*p) {
        case '"': {
            bool escaped;
            return scan_string(p + 1, end, &escaped, error);
        }
        case 't':
            return scan_word(p, end, "true", error);
        case 'f':
            return scan_word(p, end, "false", error);
        case 'n':
            return scan_word(p, end, "null", error);
        default:
            if (*p == '-' || is_digit(*p)) return scan_number(p, end, error);
            return fail(error, "expected a value", p);
    }
}

const char* scan_value(const char* p, const char* end, int depth_levels, Error* error) {
    int open_levels = 0;
    uint64_t is_object = 0;  // bit 0: the innermost open level, bit 1: the one around it, ...
    static_assert(max_json_depth_levels <= 64);
    for (;;) {
        p = skip_space(p, end);
        if (p != end && (*p == '{' || *p == '[')) {
            const bool object = *p == '{';
            if (depth_levels + open_levels == static_cast<int>(max_json_depth_levels)) {
                return fail(error, "more than 64 levels of objects and arrays", p);
            }
            ++open_levels;
            is_object = is_object << 1 | static_cast<uint64_t>(object);
            p = skip_space(p + 1, end);
            if (p == end || *p != (object ? '}' : ']')) {
                if (object) p = scan_key(p, end, error);
                if (p == nullptr) return nullptr;
                continue;
            }
        } else {
            p = scan_scalar(p, end, error);
            if (p == nullptr) return nullptr;
        }
        // Behind a value: close every level that ends here, or find the next value of one.
        for (;;) {
            if (open_levels == 0) return p;
            const bool object = (is_object & 1) != 0;
            p = skip_space(p, end);
            if (p != end && *p == (object ? '}' : ']')) {
                --open_levels;
                is_object >>= 1;
                ++p;
                continue;
            }
            if (p == end || *p != ',')
                return fail(error, object ? "expected ',' or '}'" : "expected ',' or ']'", p);
            ++p;
            if (object) p = scan_key(skip_space(p, end), end, error);
            if (p == nullptr) return nullptr;
            break;
        }
    }
}

char* unescape(std::string_view raw, char* out) {
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p != end) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (p[1] != 'u') {
            *out++ = simple_escape(p[1]);
            p += 2;
            continue;
        }
        int code_point = hex_unit(p + 2, end);
        p += 6;
        if (is_high_surrogate(code_point)) {
            code_point = 0x10000 + ((code_point - 0xD800) << 10) + (hex_unit(p + 2, end) - 0xDC00);
            p += 6;
        }
        out = append_utf8(code_point, out);
    }
    return out;
}

bool Member::is_named(std::string_view name) const {
    if (!key_escaped) return key == name;
    if (key.size() <= name.size()) return false;  // an escape is longer than its text
    std::string text(key.size(), '\0');
    text.resize(static_cast<size_t>(unescape(key, text.data()) - text.data()));
    return text == name;
}

void ObjectEditor::cut(const Member& member) {
    out_->append(copied_, member.begin);
    copied_ = member.end();
    cutting_ = true;
}

void ObjectEditor::replace(const Member& member, std::string_view json_value) {
    out_->append(copied_, member.value.data());
    out_->append(json_value);
    copied_ = member.end();
}

void ObjectEditor::insert(const char* position, std::string_view text) {
    out_->append(copied_, position);
    out_->append(text);
    copied_ = position;
}

void ObjectEditor::finish(const char* end) {
    if (cutting_) {
        // The last member went: so must the comma in front of it.
        size_t size = out_->size();
        while (size != 0 && is_space((*out_)[size - 1])) {
            --size;
        }
        if (size != 0 && (*out_)[size - 1] == ',') out_->resize(size - 1);
        cutting_ = false;
    }
    out_->append(copied_, end);
    copied_ = end;
}

}  // namespace gatewayd::json
