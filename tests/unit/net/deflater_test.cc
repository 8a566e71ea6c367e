#include "core/net/deflater.h"

#include <memory>
#include <string>
#include <vector>

#include "core/net/inflater.h"
#include "tests/unit/net/deflate_samples.h"

namespace gatewayd {
namespace {

using testing::noise;
using testing::PlainReader;
using testing::prose;

std::string deflated(Deflater* deflater, const std::string& text, bool keep_context) {
    std::string out(text.size() + text.size() / 8 + 64, '\0');
    out.resize(deflater->deflate(text, keep_context, out.data(), out.size()));
    return out;
}

TEST_CASE("every level and window: a reader with that window gets the message back") {
    for (int bits = min_window_bits; bits <= max_window_bits; ++bits) {
        for (int level = 1; level <= 9; ++level) {
            CAPTURE(bits);
            CAPTURE(level);
            Deflater deflater(level, bits);
            for (const std::string& text : testing::samples()) {
                CAPTURE(text.size());
                const std::string payload = deflated(&deflater, text, false);
                REQUIRE_FALSE(payload.empty());
                // 256 bytes are the smallest window there is: zlib reads with it though it does not write for
                // it.
                REQUIRE(PlainReader(bits).read(payload, text.size()) == text);
            }
        }
    }
}

TEST_CASE("a kept context goes from message to message, in every window") {
    for (int bits = min_window_bits; bits <= max_window_bits; ++bits) {
        CAPTURE(bits);
        Deflater deflater(6, bits);
        PlainReader reader(bits);
        Inflater inflater(bits);
        InflateBuffer out;
        for (const std::string& text : testing::samples()) {
            if (text.empty()) continue;  // 7.2.3.6 would be a block of its own
            const std::string payload = deflated(&deflater, text, true);
            REQUIRE(reader.read(payload, text.size()) == text);
            REQUIRE(inflater.inflate(payload, 1'000'000, true, &out) == Inflater::Result::whole);
            REQUIRE(out.view() == text);
        }
    }
    Deflater deflater(6, 15);
    const std::string text = prose(2000);
    const size_t first = deflated(&deflater, text, true).size();
    CHECK(deflated(&deflater, text, true).size() * 10 < first);
    CHECK(deflated(&deflater, text, false).size() * 10 <
          first);  // may refer back, but nothing may refer to it
    CHECK(deflated(&deflater, text, true).size() == first);
}

TEST_CASE("what does not fit gives nothing, and the next message does not refer to it") {
    Deflater deflater(6, 15);
    std::string out(100'000, '\0');
    const std::string random = noise(5000);
    CHECK(deflater.deflate(random, true, out.data(), random.size() - 1) == 0);
    const std::string payload = deflated(&deflater, random, false);
    CHECK(PlainReader(15).read(payload, random.size()) == random);
    const std::string text = prose(5000);
    const size_t size = deflated(&deflater, text, false).size();
    for (const size_t room : {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{5}, size - 1}) {
        CAPTURE(room);
        CHECK(deflater.deflate(text, false, out.data(), room) == 0);
    }
    CHECK(deflater.deflate(text, false, out.data(), size + Deflater::extra_room_bytes + 1) == size);
    CHECK(deflater.deflate("", false, out.data(), 0) == 0);
}

TEST_CASE("an empty message is the one octet of section 7.2.3.6") {
    Deflater deflater(6, 15);
    char out[8];
    CHECK(deflater.deflate("", false, out, sizeof out) == 1);
    CHECK(out[0] == 0);
}

TEST_CASE("the window that a message needs") {
    CHECK(Deflater::window_bits_for(0) == 9);
    CHECK(Deflater::window_bits_for(250) == 9);
    CHECK(Deflater::window_bits_for(251) == 10);
    CHECK(Deflater::window_bits_for(32768 - 262) == 15);
    CHECK(Deflater::window_bits_for(1'000'000'000) == 15);
    // A smaller window that is large enough costs no compression.
    for (const size_t size : {size_t{250}, size_t{700}, size_t{3000}, size_t{12'000}}) {
        CAPTURE(size);
        const std::string text = prose(size);
        Deflater fitting(6, Deflater::window_bits_for(size));
        Deflater largest(6, 15);
        const size_t best = deflated(&largest, text, false).size();
        CHECK(deflated(&fitting, text, false).size() <= best + best / 20);
    }
    CHECK(Deflater::memory_bytes(15) < 300'000);
    CHECK(Deflater::memory_bytes(9) < 16'384);
    CHECK(Inflater::memory_bytes(15) < 42'000);
}

}  // namespace
}  // namespace gatewayd
