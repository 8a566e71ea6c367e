// JSON (RFC 8259) by scanning: checks the syntax of text where it lies, without recursion and without a DOM.
// Numbers are checked by syntax only. The text must be valid UTF-8; no byte outside it is read. Any thread.
// Inside core/message: the envelope and the codec are made of this.
#ifndef GATEWAYD_CORE_MESSAGE_JSON_SCAN_H
#define GATEWAYD_CORE_MESSAGE_JSON_SCAN_H

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gatewayd::json {

// What is wrong, and where in the text.
struct Error {
    const char* words = nullptr;
    const char* at = nullptr;
};

// One field of an object; the views are the bytes as they stand.
struct Member {
    const char* begin;       // its key's opening quote
    std::string_view key;    // without quotes, still escaped
    std::string_view value;  // JSON
    bool key_escaped;
    bool value_escaped;  // a string with escapes in it

    const char* end() const { return value.data() + value.size(); }
    // Compares after unescaping.
    bool is_named(std::string_view name) const;
};

// All scan_ functions return where they stopped, or null when `error` says why.
// A string, from behind its opening quote to behind its closing one.
const char* scan_string(const char* p, const char* end, bool* escaped, Error* error);
// One value of any kind from its first byte. `depth_levels` objects and arrays are open around it.
const char* scan_value(const char* p, const char* end, int depth_levels, Error* error);
// Anything but an object or array.
const char* scan_scalar(const char* p, const char* end, Error* error);

// Text of a valid string's inside; writes at most raw.size() bytes and returns the end of them.
char* unescape(std::string_view raw, char* out);

// Sets *error; the outcome of every scan_ function that fails.
[[gnu::cold]] [[gnu::noinline]] const char* fail(Error* error, const char* words, const char* at);

inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

inline const char* skip_space(const char* p, const char* end) {
    while (p != end && is_space(*p)) {
        ++p;
    }
    return p;
}

// The first quote, backslash or control character in [p, end); end when there is none.
inline const char* find_special(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);
    for (; end - p >= 16; p += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i found =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
        const int mask = _mm_movemask_epi8(found);
        if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    constexpr uint64_t ones = 0x0101010101010101U;
    constexpr uint64_t highs = 0x8080808080808080U;
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        std::memcpy(&word, p, sizeof word);
        const uint64_t quotes = word ^ (ones * '"');
        const uint64_t backslashes = word ^ (ones * '\\');
        const uint64_t found = ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) |
                               ((word - ones * 0x20) & ~word);
        if ((found & highs) != 0) break;  // one of these eight
    }
    for (; p != end; ++p) {
        if (*p == '"' || *p == '\\' || static_cast<unsigned char>(*p) < 0x20) break;
    }
    return p;
}

// scan_string once its first special byte is known not to be the closing quote.
const char* scan_string_rest(const char* p, const char* end, bool* escaped, Error* error);

inline const char* scan_string(const char* p, const char* end, bool* escaped, Error* error) {
    *escaped = false;
    p = find_special(p, end);
    if (__builtin_expect(p != end && *p == '"', 1)) return p + 1;
    return scan_string_rest(p, end, escaped, error);
}

// One member of the outermost object, from its key's quote.
inline const char* scan_member(const char* p, const char* end, Member* member, Error* error) {
    if (p == end || *p != '"') return fail(error, "expected a field name in quotes", p);
    member->begin = p;
    p = scan_string(p + 1, end, &member->key_escaped, error);
    if (p == nullptr) return nullptr;
    member->key = std::string_view(member->begin + 1, static_cast<size_t>(p - member->begin - 2));
    p = skip_space(p, end);
    if (p == end || *p != ':') return fail(error, "expected ':'", p);
    p = skip_space(p + 1, end);
    const char* const value = p;
    member->value_escaped = false;
    if (p != end && *p == '"') {
        p = scan_string(p + 1, end, &member->value_escaped, error);
    } else {
        p = scan_value(p, end, 1, error);
    }
    if (p != nullptr) member->value = std::string_view(value, static_cast<size_t>(p - value));
    return p;
}

// Scans an object from its '{' to behind its '}', and calls on_member(const Member &) for each field of it.
template <typename OnMember>
inline const char* scan_object(const char* p, const char* end, Error* error, OnMember&& on_member) {
    if (p == end || *p != '{') return fail(error, "expected an object", p);
    p = skip_space(p + 1, end);
    if (p != end && *p == '}') return p + 1;
    for (;;) {
        Member member;
        p = scan_member(p, end, &member, error);
        if (p == nullptr) return nullptr;
        on_member(static_cast<const Member&>(member));
        p = skip_space(p, end);
        if (p != end && *p == '}') return p + 1;
        if (p == end || *p != ',') return fail(error, "expected ',' or '}'", p);
        p = skip_space(p + 1, end);
    }
}

// Copies an object with some members cut out or changed, and every other byte as it was. Call reach() for
// each member in turn, and cut() or replace() for those that differ.
class ObjectEditor {
   public:
    ObjectEditor(const char* begin, std::string* out) : copied_(begin), out_(out) {}

    void reach(const Member& member) {
        if (!cutting_) return;
        copied_ = member.begin;  // the cut member's comma goes with it
        cutting_ = false;
    }
    void cut(const Member& member);
    void replace(const Member& member, std::string_view json_value);
    // Puts text behind `position`, which must lie between members.
    void insert(const char* position, std::string_view text);
    void finish(const char* end);

   private:
    const char* copied_;  // the source has been dealt with up to here
    bool cutting_ = false;
    std::string* out_;
};

}  // namespace gatewayd::json

#endif
