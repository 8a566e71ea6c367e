// The key is this process's own, so there are no reference values: what tables need of the hash.
#include "core/base/siphash.h"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>

namespace gatewayd {
namespace {

TEST_CASE("the same text has the same hash, wherever it lies") {
    const std::string text = "the same text, long enough for several words";
    for (size_t size = 0; size <= text.size(); ++size) {
        for (size_t shift = 0; shift < 8; ++shift) {
            const std::string moved = std::string(shift, 'x') + text.substr(0, size);
            CHECK(siphash(std::string_view(moved).substr(shift)) ==
                  siphash(std::string_view(text).substr(0, size)));
        }
    }
}

TEST_CASE("each bit of a text counts, its length too") {
    for (size_t size = 0; size <= 24; ++size) {
        std::set<uint64_t> seen;
        std::string text(size, '\0');
        seen.insert(siphash(text));
        for (size_t bit = 0; bit < size * 8; ++bit) {
            text[bit / 8] = static_cast<char>(1 << bit % 8);
            seen.insert(siphash(text));
            text[bit / 8] = '\0';
        }
        CHECK(seen.size() == size * 8 + 1);
    }
    std::set<uint64_t> of_zeroes;
    for (size_t size = 0; size < 300; ++size)
        of_zeroes.insert(siphash(std::string(size, '\0')));
    CHECK(of_zeroes.size() == 300);
}

TEST_CASE("hashes spread: the low bits (StringIndex) and the high ones (Directory)") {
    std::array<int, 64> low{};
    std::array<int, 64> high{};
    constexpr int count = 64 * 1000;
    for (int i = 0; i < count; ++i) {
        const uint64_t hash = siphash("client-" + std::to_string(i));
        ++low[hash & 63];
        ++high[hash >> 58];
    }
    // 1000 expected in each, deviation 31; a bucket 300 off does not happen by chance.
    for (size_t i = 0; i < 64; ++i) {
        CHECK(low[i] > 700);
        CHECK(low[i] < 1300);
        CHECK(high[i] > 700);
        CHECK(high[i] < 1300);
    }
}

}  // namespace
}  // namespace gatewayd
