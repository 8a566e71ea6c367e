// UTF-8 as RFC 3629 writes it, a code point at a time: what the fast validators are compared with.
#ifndef GATEWAYD_TESTS_FUZZ_UTF8_REFERENCE_H
#define GATEWAYD_TESTS_FUZZ_UTF8_REFERENCE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace gatewayd::fuzz {

// Bytes of the character at the front: 0 when there is none; with `*cut_off` set when more bytes could make
// one.
inline size_t utf8_char_size(std::string_view text, bool* cut_off) {
    *cut_off = false;
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
    for (size_t at = 1; at < size; ++at) {
        if (at == text.size()) {
            *cut_off = true;
            return 0;
        }
        unsigned low = 0x80;
        unsigned high = 0xBF;
        if (at == 1 && first == 0xE0) low = 0xA0;   // overlong
        if (at == 1 && first == 0xED) high = 0x9F;  // surrogates
        if (at == 1 && first == 0xF0) low = 0x90;   // overlong
        if (at == 1 && first == 0xF4) high = 0x8F;  // above U+10FFFF
        if (byte(at) < low || byte(at) > high) return 0;
    }
    return size;
}

enum class Utf8 : uint8_t { valid, cut_off, invalid };

// *whole: bytes of the characters in front that are known to be whole; grows.
inline Utf8 utf8_verdict(std::string_view text, size_t* whole) {
    while (*whole < text.size()) {
        bool cut_off;
        const size_t size = utf8_char_size(text.substr(*whole), &cut_off);
        if (size == 0) return cut_off ? Utf8::cut_off : Utf8::invalid;
        *whole += size;
    }
    return Utf8::valid;
}

inline Utf8 utf8_verdict(std::string_view text) {
    size_t whole = 0;
    return utf8_verdict(text, &whole);
}

// The text with '?' for each byte that is not part of a character: for targets that begin behind the frame
// layer.
inline std::string made_valid_utf8(std::string_view text) {
    std::string valid;
    while (!text.empty()) {
        bool cut_off;
        const size_t size = utf8_char_size(text, &cut_off);
        if (size == 0) {
            valid += '?';
        } else {
            valid += text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return valid;
}

}  // namespace gatewayd::fuzz

#endif
