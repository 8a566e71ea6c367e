#include "core/base/utf8.h"

#include <cstring>

#if defined(__SSE2__) && defined(__GNUC__)
#define GATEWAYD_UTF8_X86 1
#include <tmmintrin.h>
#endif

namespace gatewayd {
namespace {

constexpr uint64_t high_bits = 0x8080808080808080U;

// What may follow the first byte of a character.
struct Lead {
    uint8_t continuations;  // 0: not the first byte of anything but ASCII
    uint8_t lower;          // bounds of the first continuation; the others are 80..BF
    uint8_t upper;
};

inline Lead lead_of(uint8_t byte) {
    if (byte < 0xC2) return {0, 0, 0};
    if (byte < 0xE0) return {1, 0x80, 0xBF};
    if (byte < 0xF0) {
        const uint8_t lower = byte == 0xE0 ? 0xA0 : 0x80;  // no overlong form
        const uint8_t upper = byte == 0xED ? 0x9F : 0xBF;  // no surrogate
        return {2, lower, upper};
    }
    if (byte < 0xF5) {
        const uint8_t lower = byte == 0xF0 ? 0x90 : 0x80;  // no overlong form
        const uint8_t upper = byte == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
        return {3, lower, upper};
    }
    return {0, 0, 0};
}

inline bool is_continuation(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

const uint8_t* skip_ascii_words(const uint8_t* p, const uint8_t* end) {
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        std::memcpy(&word, p, sizeof word);
        if ((word & high_bits) != 0) break;
    }
    return p;
}

bool valid_bytewise(const uint8_t* p, const uint8_t* end) {
    while (p != end) {
        if (*p < 0x80) {
            p = skip_ascii_words(p, end);
            while (p != end && *p < 0x80) {
                ++p;
            }
            continue;
        }
        const Lead lead = lead_of(*p);
        if (lead.continuations == 0 || end - p <= lead.continuations) return false;
        if (p[1] < lead.lower || p[1] > lead.upper) return false;
        if (lead.continuations >= 2 && !is_continuation(p[2])) return false;
        if (lead.continuations == 3 && !is_continuation(p[3])) return false;
        p += lead.continuations + 1;
    }
    return true;
}

#if GATEWAYD_UTF8_X86

// The lookup algorithm of Keiser and Lemire ("Validating UTF-8 in less than one instruction per byte", 2020):
// what is wrong with a pair of bytes shows in three half bytes, the two of the first and the upper of the
// second. Each kind of mistake has a bit, set in all three tables where its half byte fits.
constexpr uint8_t two_continuations = 0x80;  // right or wrong: the bytes before them decide

struct PairTables {
    uint8_t first_high[16] = {};
    uint8_t first_low[16] = {};
    uint8_t second_high[16] = {};

    constexpr void add(uint8_t bit, int first_from, int first_to, int second_from, int second_to) {
        for (int first = first_from; first <= first_to; ++first) {
            first_high[first >> 4] = static_cast<uint8_t>(first_high[first >> 4] | bit);
            first_low[first & 15] = static_cast<uint8_t>(first_low[first & 15] | bit);
        }
        for (int second = second_from; second <= second_to; ++second) {
            second_high[second >> 4] = static_cast<uint8_t>(second_high[second >> 4] | bit);
        }
    }
};

constexpr PairTables make_pair_tables() {
    PairTables tables;
    tables.add(0x01, 0xC0, 0xFF, 0x00, 0x7F);  // a character cut short
    tables.add(0x01, 0xC0, 0xFF, 0xC0, 0xFF);
    tables.add(0x02, 0x00, 0x7F, 0x80, 0xBF);  // a continuation of nothing
    tables.add(0x04, 0xE0, 0xE0, 0x80, 0x9F);  // overlong, 3 bytes
    tables.add(0x08, 0xF4, 0xFF, 0x90, 0xBF);  // above U+10FFFF
    tables.add(0x10, 0xED, 0xED, 0xA0, 0xBF);  // a surrogate
    tables.add(0x20, 0xC0, 0xC1, 0x80, 0xBF);  // overlong, 2 bytes
    tables.add(0x40, 0xF0, 0xF0, 0x80, 0x8F);  // overlong, 4 bytes
    tables.add(0x40, 0xF5, 0xFF, 0x80,
               0x8F);  // above U+10FFFF too; fits into the bit beside the overlong form
    tables.add(two_continuations, 0x80, 0xBF, 0x80, 0xBF);
    return tables;
}

alignas(16) constexpr PairTables pair_tables = make_pair_tables();

#define GATEWAYD_SSSE3 __attribute__((target("ssse3")))

GATEWAYD_SSSE3 inline __m128i load16(const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

// Non-zero bytes where something is wrong. back1 to back3: the bytes that stand 1 to 3 before each.
GATEWAYD_SSSE3 inline __m128i errors_of(__m128i bytes, __m128i back1, __m128i back2, __m128i back3) {
    const __m128i low_half = _mm_set1_epi8(0x0F);
    const __m128i first_high =
        _mm_shuffle_epi8(load16(pair_tables.first_high), _mm_and_si128(_mm_srli_epi16(back1, 4), low_half));
    const __m128i first_low = _mm_shuffle_epi8(load16(pair_tables.first_low), _mm_and_si128(back1, low_half));
    const __m128i second_high =
        _mm_shuffle_epi8(load16(pair_tables.second_high), _mm_and_si128(_mm_srli_epi16(bytes, 4), low_half));
    const __m128i pair = _mm_and_si128(_mm_and_si128(first_high, first_low), second_high);
    // A third or fourth byte is due exactly where two continuations meet: both, or neither, set the bit 0x80.
    const __m128i third = _mm_subs_epu8(back2, _mm_set1_epi8(static_cast<char>(0xE0 - 0x80)));
    const __m128i fourth = _mm_subs_epu8(back3, _mm_set1_epi8(static_cast<char>(0xF0 - 0x80)));
    const __m128i due =
        _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(two_continuations)));
    return _mm_xor_si128(due, pair);
}

GATEWAYD_SSSE3 inline __m128i errors_at(const uint8_t* p) {
    return errors_of(load16(p), load16(p - 1), load16(p - 2), load16(p - 3));
}

GATEWAYD_SSSE3 inline bool is_zero(__m128i bytes) {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128())) == 0xFFFF;
}

inline bool ends_inside_character(const uint8_t* end) {
    return end[-1] >= 0xC0 || end[-2] >= 0xE0 || end[-3] >= 0xF0;
}

constexpr ptrdiff_t least_ssse3_bytes = 16 + 3;  // a block, and what its last byte may depend on

// [p, end) is checked; [begin, p) is ASCII, and empty or at least 3 bytes long.
GATEWAYD_SSSE3 bool valid_ssse3(const uint8_t* begin, const uint8_t* p, const uint8_t* end) {
    __m128i errors = _mm_setzero_si128();
    if (p == begin) {
        const __m128i bytes = load16(p);
        errors =
            errors_of(bytes, _mm_slli_si128(bytes, 1), _mm_slli_si128(bytes, 2), _mm_slli_si128(bytes, 3));
        p += 16;
    }
    for (; end - p >= 64; p += 64) {
        const __m128i any = _mm_or_si128(_mm_or_si128(load16(p), load16(p + 16)),
                                         _mm_or_si128(load16(p + 32), load16(p + 48)));
        if (_mm_movemask_epi8(any) == 0) {
            if (ends_inside_character(p)) return false;
            continue;
        }
        errors = _mm_or_si128(errors, _mm_or_si128(errors_at(p), errors_at(p + 16)));
        errors = _mm_or_si128(errors, _mm_or_si128(errors_at(p + 32), errors_at(p + 48)));
        if (!is_zero(errors)) return false;
    }
    for (; end - p >= 16; p += 16) {
        errors = _mm_or_si128(errors, errors_at(p));
    }
    if (p != end) errors = _mm_or_si128(errors, errors_at(end - 16));  // some bytes a second time
    return is_zero(errors) && !ends_inside_character(end);
}

#endif  // GATEWAYD_UTF8_X86

}  // namespace

bool is_valid_utf8(std::string_view text) {
    const auto* const begin = reinterpret_cast<const uint8_t*>(text.data());
    const uint8_t* const end = begin + text.size();
    const uint8_t* p = begin;
#if GATEWAYD_UTF8_X86
    for (; end - p >= 32; p += 32) {
        const __m128i any = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)),
                                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16)));
        if (_mm_movemask_epi8(any) != 0) break;
    }
    if (end - p < 32) {
        p = skip_ascii_words(p, end);
        const uint8_t* tail = p;
        while (tail != end && *tail < 0x80) {
            ++tail;
        }
        if (tail == end) return true;
    }
    if (end - begin >= least_ssse3_bytes && __builtin_cpu_supports("ssse3")) {
        return valid_ssse3(begin, p, end);
    }
#endif
    return valid_bytewise(p, end);
}

bool internal::is_valid_utf8_bytewise(std::string_view text) {
    const auto* const begin = reinterpret_cast<const uint8_t*>(text.data());
    return valid_bytewise(begin, begin + text.size());
}

bool Utf8Stream::feed_byte(uint8_t byte) {
    if (pending_ != 0) {
        if (byte < lower_ || byte > upper_) return false;
        --pending_;
        lower_ = 0x80;
        upper_ = 0xBF;
        return true;
    }
    if (byte < 0x80) return true;
    const Lead lead = lead_of(byte);
    pending_ = lead.continuations;
    lower_ = lead.lower;
    upper_ = lead.upper;
    return pending_ != 0;
}

bool Utf8Stream::feed(std::string_view piece) {
    const auto* p = reinterpret_cast<const uint8_t*>(piece.data());
    const uint8_t* const end = p + piece.size();
    for (; pending_ != 0 && p != end; ++p) {
        if (!feed_byte(*p)) return false;
    }
    // p is at the start of a character. One that the piece cuts off is fed bytewise, so that it fails at once
    // when it cannot become valid; all before it is whole.
    const uint8_t* cut = end;
    for (int back = 1; back <= 3 && back <= end - p; ++back) {
        const uint8_t byte = end[-back];
        if (is_continuation(byte)) continue;
        const int length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (length > back) cut = end - back;
        break;
    }
    if (!is_valid_utf8({reinterpret_cast<const char*>(p), static_cast<size_t>(cut - p)})) return false;
    for (; cut != end; ++cut) {
        if (!feed_byte(*cut)) return false;
    }
    return true;
}

}  // namespace gatewayd
