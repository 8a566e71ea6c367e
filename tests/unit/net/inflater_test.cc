#include "core/net/inflater.h"

#include <string>

#include "tests/unit/net/deflate_samples.h"

namespace gatewayd {
namespace {

using Result = Inflater::Result;
using testing::compressed;
using testing::noise;
using testing::prose;
using testing::zlib_deflated;

constexpr size_t plenty = 1024UL * 1024;

struct Reading {
    Result result;
    std::string text;
    bool operator==(const Reading& other) const { return result == other.result && text == other.text; }
};

Reading read(std::string_view payload, size_t max_bytes = plenty) {
    Inflater inflater;
    InflateBuffer out;
    const Result result = inflater.inflate(payload, max_bytes, false, &out);
    CHECK(out.capacity() <= max_bytes + 1);
    return {result, result == Result::whole ? std::string(out.view()) : ""};
}

std::string bytes(std::initializer_list<int> values) {
    std::string made;
    for (const int value : values)
        made.push_back(static_cast<char>(value));
    return made;
}

TEST_CASE("the examples of RFC 7692 section 7.2.3") {
    const Reading hello{Result::whole, "Hello"};
    CHECK(read(bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})) == hello);  // 7.2.3.1
    CHECK(read(bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})) ==
          hello);                                                                   // 7.2.3.3
    CHECK(read(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})) == hello);  // 7.2.3.4
    CHECK(read(bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00})) ==
          hello);                                              // 7.2.3.5
    CHECK(read(bytes({0x00})) == Reading{Result::whole, ""});  // 7.2.3.6

    // 7.2.3.2: the second message refers back to the first.
    Inflater inflater;
    InflateBuffer out;
    for (const auto& payload :
         {bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), bytes({0xf2, 0x00, 0x11, 0x00, 0x00})}) {
        REQUIRE(inflater.inflate(payload, plenty, true, &out) == Result::whole);
        CHECK(out.view() == "Hello");
    }
    CHECK(read(bytes({0xf2, 0x00, 0x11, 0x00, 0x00})).result == Result::broken);
}

TEST_CASE("whatever a sender's level, window and kind of block, the message comes out") {
    for (const std::string& text : testing::samples()) {
        CAPTURE(text.size());
        for (const int level : {0, 1, 6, 9}) {
            for (const int bits : {9, 12, 15})
                CHECK(read(compressed(text, level, bits)) == Reading{Result::whole, text});
        }
    }
}

TEST_CASE("messages in blocks with BFINAL, one or several, with and without the octet behind them") {
    const std::string first = zlib_deflated(prose(5000), 6, 15, Z_FINISH);
    const std::string second = zlib_deflated(prose(3000, 2), 6, 15, Z_FINISH);
    CHECK(read(first + '\0') == Reading{Result::whole, prose(5000)});
    CHECK(read(first) == Reading{Result::whole, prose(5000)});
    CHECK(read(first + second + '\0') == Reading{Result::whole, prose(5000) + prose(3000, 2)});
    CHECK(read(first + compressed("and so on")) == Reading{Result::whole, prose(5000) + "and so on"});
    // The window goes on over the end of a stream, and over the end of a message.
    Inflater inflater;
    InflateBuffer out;
    for (const std::string& payload :
         {bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), bytes({0xf2, 0x00, 0x11, 0x00, 0x00}),
          bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), bytes({0xf2, 0x00, 0x11, 0x00, 0x00})}) {
        REQUIRE(inflater.inflate(payload, plenty, true, &out) == Result::whole);
        CHECK(out.view() == "Hello");
    }
}

TEST_CASE("an empty message, said or left out") {
    CHECK(read("") == Reading{Result::whole, ""});
    CHECK(read(bytes({0x03, 0x00})) == Reading{Result::whole, ""});
    CHECK(read(bytes({0x02, 0x00})) == Reading{Result::whole, ""});
}

TEST_CASE("the limit is met exactly: max_bytes come out, one more does not") {
    for (const size_t size : {size_t{1}, size_t{1000}, size_t{16384}, size_t{16385}, size_t{100'000}}) {
        CAPTURE(size);
        const std::string text = prose(size);
        CHECK(read(compressed(text), size) == Reading{Result::whole, text});
        CHECK(read(compressed(text), size - 1).result == Result::too_big);
    }
    CHECK(read(compressed(""), 0) == Reading{Result::whole, ""});
    CHECK(read(compressed("x"), 0).result == Result::too_big);
}

TEST_CASE("a bomb takes no more memory than the limit") {
    const std::string bomb = compressed(std::string(400'000'000, 'a'), 9);
    REQUIRE(bomb.size() < 450'000);
    Inflater inflater;
    InflateBuffer out;
    for (int round = 0; round < 3; ++round) {
        CHECK(inflater.inflate(bomb, plenty, false, &out) == Result::too_big);
        CHECK(out.capacity() <= plenty + 1);
    }
    out.trim();
    CHECK(out.capacity() == 0);
    REQUIRE(inflater.inflate(compressed("still here"), plenty, false, &out) == Result::whole);
    CHECK(out.view() == "still here");
    out.trim();
    CHECK(out.capacity() > 0);  // what usual messages need is kept
}

TEST_CASE("what is no DEFLATE is broken, and so is what ends too early") {
    CHECK(read(bytes({0x07})).result == Result::broken);  // a block type of 3
    CHECK(read(bytes({0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48})).result ==
          Result::broken);  // a length that is not itself
    CHECK(read(bytes({0xff, 0xff, 0xff, 0xff})).result == Result::broken);
    const std::string whole = compressed(prose(2000));
    size_t broken = 0;
    for (size_t size = 1; size < whole.size(); ++size) {
        CAPTURE(size);
        const Reading reading = read(std::string_view(whole).substr(0, size));
        CHECK_FALSE(reading == Reading{Result::whole, prose(2000)});
        if (reading.result == Result::broken) ++broken;
    }
    CHECK(broken == whole.size() - 1);
    // After it nothing of that message is left in the machine.
    Inflater inflater;
    InflateBuffer out;
    CHECK(inflater.inflate(std::string_view(whole).substr(0, 100), plenty, true, &out) == Result::broken);
    REQUIRE(inflater.inflate(compressed("new"), plenty, true, &out) == Result::whole);
    CHECK(out.view() == "new");
}

TEST_CASE("a context that is not kept is not there") {
    const std::string text = noise(500);
    Inflater inflater;
    InflateBuffer out;
    // "The 500 bytes before these, once more": a stored block, then a copy.
    z_stream stream{};
    REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string payloads[2];
    for (std::string& payload : payloads) {
        payload.resize(2000);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        stream.next_out = reinterpret_cast<Bytef*>(payload.data());
        stream.avail_out = static_cast<uInt>(payload.size());
        REQUIRE(::deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
        payload.resize(payload.size() - stream.avail_out - 4);
    }
    ::deflateEnd(&stream);
    REQUIRE(payloads[1].size() < 100);
    CHECK(inflater.inflate(payloads[0], plenty, true, &out) == Result::whole);
    CHECK(inflater.inflate(payloads[1], plenty, false, &out) == Result::whole);
    CHECK(out.view() == text);
    CHECK(inflater.inflate(payloads[1], plenty, false, &out) == Result::broken);
}

TEST_CASE("any bytes at all end in an answer, within the limit") {
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        std::string payload = noise(1 + seed % 60, seed);
        if (seed % 3 == 0)
            payload = compressed(prose(300, seed)).replace(seed % 40, 1, 1, static_cast<char>(seed));
        Inflater inflater(seed % 2 ? 15 : 9);
        InflateBuffer out;
        for (int round = 0; round < 3; ++round) {
            const Result result = inflater.inflate(payload, 1000, seed % 5 == 0, &out);
            REQUIRE(out.capacity() <= 1001);
            REQUIRE((result != Result::whole || out.size() <= 1000));
            REQUIRE(result != Result::no_memory);
        }
    }
}

}  // namespace
}  // namespace gatewayd
