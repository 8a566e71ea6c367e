#include "core/base/utf8.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using gatewayd::is_valid_utf8;
using gatewayd::Utf8Stream;
using gatewayd::internal::is_valid_utf8_bytewise;

namespace {

// RFC 3629 by decoding, as slowly and plainly as it can be written. Returns the bytes of valid text before
// the first character that is broken or unfinished; *unfinished: that one could still become valid.
size_t naive_valid_prefix(std::string_view text, bool* unfinished) {
    *unfinished = false;
    size_t at = 0;
    while (at < text.size()) {
        const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
        const unsigned lead = byte(at);
        size_t length;
        uint32_t code_point;
        uint32_t least;
        if (lead < 0x80) {
            length = 1, code_point = lead, least = 0;
        } else if ((lead & 0xE0) == 0xC0) {
            length = 2, code_point = lead & 0x1F, least = 0x80;
        } else if ((lead & 0xF0) == 0xE0) {
            length = 3, code_point = lead & 0x0F, least = 0x800;
        } else if ((lead & 0xF8) == 0xF0) {
            length = 4, code_point = lead & 0x07, least = 0x10000;
        } else {
            return at;
        }
        size_t have = 1;
        for (; have < length && at + have < text.size(); ++have) {
            if ((byte(at + have) & 0xC0) != 0x80) return at;
            code_point = code_point << 6 | (byte(at + have) & 0x3F);
        }
        // The code points that the bytes so far can still become.
        const unsigned missing_bits = 6 * static_cast<unsigned>(length - have);
        const uint32_t lowest = code_point << missing_bits;
        const uint32_t highest = lowest | ((1U << missing_bits) - 1);
        bool possible = false;
        for (uint32_t candidate = lowest; candidate <= highest && !possible; candidate += 0x20) {
            // Bounds below fall on multiples of 0x20, and every range is one of them or ends inside one.
            const bool surrogate = candidate >= 0xD800 && candidate <= 0xDFFF;
            possible = candidate >= least && candidate <= 0x10FFFF && !surrogate;
        }
        if (!possible) return at;
        if (have < length) {
            *unfinished = true;
            return at;
        }
        at += length;
    }
    return at;
}

bool naive_valid(std::string_view text) {
    bool unfinished;
    return naive_valid_prefix(text, &unfinished) == text.size();
}

// A copy that ends exactly at the end of its allocation: reading beyond it is seen by AddressSanitizer.
class ExactCopy {
   public:
    explicit ExactCopy(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
        text.copy(bytes_.get(), size_);
    }
    std::string_view view() const { return {bytes_.get(), size_}; }

   private:
    std::unique_ptr<char[]> bytes_;
    size_t size_;
};

struct Example {
    const char* what;
    std::string_view text;
    bool valid;
};

using namespace std::string_view_literals;

const Example examples[] = {
    {"empty", ""sv, true},
    {"ASCII", "hello"sv, true},
    {"NUL is a character", "a\0b"sv, true},
    {"U+007F", "\x7F"sv, true},
    {"U+0080, the first of 2 bytes", "\xC2\x80"sv, true},
    {"U+07FF, the last of 2 bytes", "\xDF\xBF"sv, true},
    {"U+0800, the first of 3 bytes", "\xE0\xA0\x80"sv, true},
    {"U+D7FF, before the surrogates", "\xED\x9F\xBF"sv, true},
    {"U+E000, behind the surrogates", "\xEE\x80\x80"sv, true},
    {"U+FFFD", "\xEF\xBF\xBD"sv, true},
    {"U+FFFF, not a character but valid", "\xEF\xBF\xBF"sv, true},
    {"U+10000, the first of 4 bytes", "\xF0\x90\x80\x80"sv, true},
    {"U+10FFFF, the last", "\xF4\x8F\xBF\xBF"sv, true},
    {"a word of Autobahn's", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"sv, true},
    {"overlong /, 2 bytes", "\xC0\xAF"sv, false},
    {"overlong /, 3 bytes", "\xE0\x80\xAF"sv, false},
    {"overlong /, 4 bytes", "\xF0\x80\x80\xAF"sv, false},
    {"overlong /, 5 bytes", "\xF8\x80\x80\x80\xAF"sv, false},
    {"overlong /, 6 bytes", "\xFC\x80\x80\x80\x80\xAF"sv, false},
    {"overlong U+007F", "\xC1\xBF"sv, false},
    {"overlong U+07FF", "\xE0\x9F\xBF"sv, false},
    {"overlong U+FFFF", "\xF0\x8F\xBF\xBF"sv, false},
    {"overlong NUL", "\xC0\x80"sv, false},
    {"U+D800", "\xED\xA0\x80"sv, false},
    {"U+DBFF", "\xED\xAF\xBF"sv, false},
    {"U+DC00", "\xED\xB0\x80"sv, false},
    {"U+DFFF", "\xED\xBF\xBF"sv, false},
    {"a surrogate pair, CESU-8", "\xED\xA0\xBD\xED\xB8\x80"sv, false},
    {"U+110000", "\xF4\x90\x80\x80"sv, false},
    {"U+13FFFF", "\xF4\xBF\xBF\xBF"sv, false},
    {"F5", "\xF5\x80\x80\x80"sv, false},
    {"F7", "\xF7\xBF\xBF\xBF"sv, false},
    {"F8", "\xF8\x88\x80\x80\x80"sv, false},
    {"FE", "\xFE"sv, false},
    {"FF", "\xFF"sv, false},
    {"a continuation alone", "\x80"sv, false},
    {"BF alone", "\xBF"sv, false},
    {"one continuation too many", "\xC3\xA9\xA9"sv, false},
    {"cut after 1 of 2", "a\xC3"sv, false},
    {"cut after 1 of 3", "a\xE4"sv, false},
    {"cut after 2 of 3", "a\xE4\xBD"sv, false},
    {"cut after 3 of 4", "a\xF0\x9F\x98"sv, false},
    {"ASCII inside a character",
     "\xE4\xBD"
     "a\xA0"sv,
     false},
    {"a lead byte inside a character", "\xE4\xBD\xE4\xBD\xA0"sv, false},
};

// `text` at every place within blocks of the fast path, in ASCII and in Chinese surroundings.
void check_everywhere(std::string_view text, bool valid) {
    static const std::string ascii(70, 'x');
    static const std::string chinese = [] {
        std::string result;
        for (int i = 0; i < 24; ++i) {
            result += "\xE4\xBD\xA0";
        }
        return result;
    }();
    for (size_t before = 0; before <= 66; ++before) {
        for (const size_t behind : {0U, 1U, 2U, 13U, 40U, 69U}) {
            const ExactCopy copy(ascii.substr(0, before) + std::string(text) + ascii.substr(0, behind));
            REQUIRE(is_valid_utf8(copy.view()) == valid);
        }
    }
    for (size_t before = 0; before <= 24; ++before) {
        for (size_t ascii_before = 0; ascii_before < 3; ++ascii_before) {
            const ExactCopy copy(ascii.substr(0, ascii_before) + chinese.substr(0, before * 3) +
                                 std::string(text) + chinese.substr(0, (before % 7) * 3));
            REQUIRE(is_valid_utf8(copy.view()) == valid);
        }
    }
}

}  // namespace

TEST_CASE("utf8: boundaries, overlong forms, surrogates") {
    for (const Example& example : examples) {
        CAPTURE(example.what);
        CHECK(naive_valid(example.text) == example.valid);
        CHECK(is_valid_utf8_bytewise(example.text) == example.valid);
        check_everywhere(example.text, example.valid);
    }
}

TEST_CASE("utf8: a view of nothing at all") {
    CHECK(is_valid_utf8(std::string_view()));
    Utf8Stream stream;
    CHECK(stream.feed(std::string_view()));
    CHECK(stream.complete());
}

TEST_CASE("utf8: all sequences of 1, 2 and 3 bytes, at alignments that rotate through a block") {
    // 40 bytes, so that the sequence meets the first block, its border and the overlapping last one.
    std::string text(40, 'x');
    size_t wrong = 0;
    size_t at = 0;
    const auto check = [&](std::string_view sequence) {
        const bool expected = naive_valid(sequence);
        at = at == text.size() - 3 ? 0 : at + 1;
        if (at + sequence.size() > text.size()) at = 0;
        text.replace(at, sequence.size(), sequence);
        wrong += is_valid_utf8(text) != expected;
        wrong += is_valid_utf8_bytewise(text) != expected;
        wrong += is_valid_utf8(sequence) != expected;
        text.replace(at, sequence.size(), sequence.size(), 'x');
    };
    for (int a = 0; a < 256; ++a) {
        const char one[] = {static_cast<char>(a)};
        check({one, 1});
        for (int b = 0; b < 256; ++b) {
            const char two[] = {static_cast<char>(a), static_cast<char>(b)};
            check({two, 2});
            if (a < 0x80 && b < 0x80) continue;  // the third alone decides: seen above
            for (int c = 0; c < 256; ++c) {
                const char three[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
                check({three, 3});
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("utf8: sampled sequences of 4 bytes at every alignment") {
    const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2,
                                   0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xF8, 0xFF};
    size_t wrong = 0;
    for (const unsigned char a : edges) {
        for (const unsigned char b : edges) {
            for (const unsigned char c : edges) {
                for (const unsigned char d : edges) {
                    const char four[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                                         static_cast<char>(d)};
                    const std::string_view sequence(four, 4);
                    const bool expected = naive_valid(sequence);
                    std::string text(38, 'x');
                    wrong += is_valid_utf8_bytewise(sequence) != expected;
                    for (size_t at = (a ^ b) & 1; at + 4 <= text.size(); at += 2) {
                        text.replace(at, 4, sequence);
                        wrong += is_valid_utf8(text) != expected;
                        text.replace(at, 4, 4, 'x');
                    }
                }
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("utf8: random mixtures agree with the plain decoder") {
    std::mt19937 random(20261125);
    const std::string_view pieces[] = {
        "a", "hello, ", "\xC3\xA9", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"};
    size_t wrong = 0;
    size_t invalid = 0;
    for (int round = 0; round < 60000; ++round) {
        std::string text;
        const size_t size = random() % 200;
        while (text.size() < size) {
            text += pieces[random() % 6];
        }
        for (unsigned mistakes = random() % 3; mistakes != 0 && !text.empty(); --mistakes) {
            const size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text[at] = static_cast<char>(random());
            } else {
                text.erase(at, 1);
            }
        }
        const bool expected = naive_valid(text);
        invalid += !expected;
        const ExactCopy copy(text);
        wrong += is_valid_utf8(copy.view()) != expected;
        wrong += is_valid_utf8_bytewise(copy.view()) != expected;
    }
    CHECK(wrong == 0);
    CHECK(invalid > 10000);  // both outcomes were met
}

TEST_CASE("utf8 stream: equal to is_valid_utf8 for every cut into three") {
    std::vector<std::string> texts;
    for (const Example& example : examples) {
        texts.emplace_back(example.text);
        texts.push_back("order " + std::string(example.text) + " \xE4\xBD\xA0\xE5\xA5\xBD");
        texts.push_back("\xF0\x9F\x98\x80" + std::string(30, 'x') + std::string(example.text));
    }
    for (const std::string& text : texts) {
        const bool expected = naive_valid(text);
        for (size_t first = 0; first <= text.size(); ++first) {
            for (size_t second = first; second <= text.size(); ++second) {
                const ExactCopy a(std::string_view(text).substr(0, first));
                const ExactCopy b(std::string_view(text).substr(first, second - first));
                const ExactCopy c(std::string_view(text).substr(second));
                Utf8Stream stream;
                const bool fed = stream.feed(a.view()) && stream.feed(b.view()) && stream.feed(c.view());
                REQUIRE((fed && stream.complete()) == expected);
            }
        }
    }
}

TEST_CASE("utf8 stream: fails at the first byte that leaves no way to valid text") {
    for (const Example& example : examples) {
        CAPTURE(example.what);
        for (const size_t padding : {0U, 1U, 15U, 16U, 31U, 70U}) {
            const std::string text = std::string(padding, 'x') + std::string(example.text);
            // By the plain decoder: how many bytes of it can be the beginning of valid text?
            size_t possible = 0;
            bool unfinished = false;
            while (possible < text.size()) {
                const std::string_view prefix = std::string_view(text).substr(0, possible + 1);
                if (naive_valid_prefix(prefix, &unfinished) != prefix.size() && !unfinished) break;
                ++possible;
            }
            for (size_t size = 0; size <= text.size(); ++size) {
                Utf8Stream whole;
                REQUIRE(whole.feed(std::string_view(text).substr(0, size)) == (size <= possible));
                Utf8Stream bytewise;
                bool fed = true;
                for (size_t i = 0; i < size && fed; ++i) {
                    fed = bytewise.feed(std::string_view(text).substr(i, 1));
                }
                REQUIRE(fed == (size <= possible));
            }
        }
    }
}

TEST_CASE("utf8 stream: reset begins again") {
    Utf8Stream stream;
    CHECK(stream.feed("\xE4\xBD"));
    CHECK_FALSE(stream.complete());
    stream.reset();
    CHECK(stream.complete());
    CHECK(stream.feed("plain"));
    CHECK(stream.complete());
}
