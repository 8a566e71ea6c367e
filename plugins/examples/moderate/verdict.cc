#include "verdict.h"

#include <cstdint>
#include <cstdio>

namespace moderate {
namespace {

constexpr int max_depth = 32;

// Reads JSON (RFC 8259) from the left; each function is true when what it is named after was there.
class Reader {
   public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool verdict(Verdict* out) {
        bool decided = false;
        if (!mark('{')) return false;
        if (mark('}')) return false;
        do {
            std::string key;
            space();
            if (!string(&key) || !mark(':')) return false;
            if (key == "allow") {
                if (decided || !boolean(&out->allow)) return false;
                decided = true;
            } else if (space(); key == "reason" && peek() == '"') {
                if (!string(&out->reason)) return false;
            } else if (!value(1)) {
                return false;
            }
        } while (mark(','));
        return mark('}') && (space(), at_ == text_.size()) && decided;
    }

   private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void space() {
        while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
            ++at_;
    }
    bool mark(char c) {
        space();
        if (peek() != c || at_ == text_.size()) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) return false;
        at_ += expected.size();
        return true;
    }
    bool boolean(bool* out) {
        space();
        *out = peek() == 't';
        return word("true") || word("false");
    }

    bool value(int depth) {
        space();
        switch (peek()) {
            case '{':
                return depth < max_depth && members('}', depth, true);
            case '[':
                return depth < max_depth && members(']', depth, false);
            case '"': {
                std::string ignored;
                return string(&ignored);
            }
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                return number();
        }
    }
    bool members(char end, int depth, bool named) {
        ++at_;
        if (mark(end)) return true;
        do {
            std::string ignored;
            space();
            if (named && (!string(&ignored) || !mark(':'))) return false;
            if (!value(depth + 1)) return false;
        } while (mark(','));
        return mark(end);
    }
    bool digits() {
        const size_t begin = at_;
        while (peek() >= '0' && peek() <= '9')
            ++at_;
        return at_ > begin;
    }
    bool number() {
        if (peek() == '-') ++at_;
        if (peek() == '0') {
            ++at_;
        } else if (!digits()) {
            return false;
        }
        if (peek() == '.' && (++at_, !digits())) return false;
        if (peek() == 'e' || peek() == 'E') {
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            return digits();
        }
        return true;
    }

    bool hex(uint32_t* out) {
        *out = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = peek();
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) return false;
            *out = *out * 16 + static_cast<uint32_t>(digit);
        }
        return true;
    }
    static void append(uint32_t code, std::string* out) {
        if (code < 0x80) {
            *out += static_cast<char>(code);
            return;
        }
        int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        *out += static_cast<char>((0xFF00 >> (more + 1) & 0xFF) | code >> (6 * more));
        while (more-- > 0)
            *out += static_cast<char>(0x80 | (code >> (6 * more) & 0x3F));
    }
    bool escape(std::string* out) {
        static constexpr std::string_view names = "\"\\/bfnrt";
        static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const char c = peek();
        ++at_;
        if (c != 'u') {
            const size_t found = names.find(c);
            if (found == std::string_view::npos) return false;
            *out += meanings[found];
            return true;
        }
        uint32_t code = 0;
        if (!hex(&code)) return false;
        if (code >= 0xD800 && code < 0xDC00) {
            uint32_t low = 0;
            if (!word("\\u") || !hex(&low) || low < 0xDC00 || low > 0xDFFF) return false;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code < 0xE000) {
            return false;
        }
        append(code, out);
        return true;
    }
    // One character of more than one byte, in the only form that UTF-8 allows.
    bool wide(std::string* out) {
        const auto byte = [&](size_t i) {
            return static_cast<unsigned char>(i < text_.size() ? text_[i] : 0);
        };
        const unsigned first = byte(at_);
        const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4) return false;
        uint32_t code = first & (0x7FU >> size);
        for (size_t i = 1; i < size; ++i) {
            if ((byte(at_ + i) & 0xC0U) != 0x80) return false;
            code = code << 6 | (byte(at_ + i) & 0x3FU);
        }
        const uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
        if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
        out->append(text_.substr(at_, size));
        at_ += size;
        return true;
    }
    bool string(std::string* out) {
        out->clear();
        if (peek() != '"') return false;
        ++at_;
        while (at_ < text_.size()) {
            const char c = peek();
            if (c == '"') return ++at_, true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c == '\\') {
                ++at_;
                if (!escape(out)) return false;
            } else if (static_cast<unsigned char>(c) >= 0x80) {
                if (!wide(out)) return false;
            } else {
                *out += c;
                ++at_;
            }
        }
        return false;
    }

    const std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

std::optional<Verdict> read_verdict(std::string_view json) {
    Verdict verdict;
    if (!Reader(json).verdict(&verdict)) return std::nullopt;
    if (verdict.reason.size() > max_reason_bytes) {
        size_t end = max_reason_bytes;
        while (end > 0 && (static_cast<unsigned char>(verdict.reason[end]) & 0xC0U) == 0x80)
            --end;
        verdict.reason.resize(end);
    }
    return verdict;
}

std::string json_text(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            json += escaped;
        } else {
            json += c;
        }
    }
    return json + '"';
}

}  // namespace moderate
