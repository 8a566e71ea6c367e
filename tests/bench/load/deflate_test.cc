#include "tests/bench/load/deflate.h"

#include <doctest/doctest.h>

TEST_CASE("what is packed comes back, and the patch can be written over") {
    const std::string before(300, 'b');
    const std::string after(500, 'a');
    load::Packed packed = load::pack(before, "00000000", after);
    CHECK(packed.bytes.size() < 100);
    load::Unpacker unpacker;
    for (const std::string patch : {"00000000", "deadbeef", "\xff\x01\x02\x03\x04\x05\x06\x07"}) {
        packed.bytes.replace(packed.patch_at, patch.size(), patch);
        for (int time = 0; time < 2; ++time) {  // the second time it is known
            std::string_view text;
            REQUIRE(unpacker.unpack(packed.bytes, &text));
            CHECK(text == before + patch + after);
        }
    }
}

TEST_CASE("parts may be empty") {
    load::Unpacker unpacker;
    std::string_view text;
    REQUIRE(unpacker.unpack(load::pack("", "p", "").bytes, &text));
    CHECK(text == "p");
    REQUIRE(unpacker.unpack(load::pack("before", "", "").bytes, &text));
    CHECK(text == "before");
}

TEST_CASE("a message may end with a last block") {
    // "Hello" as RFC 7692 has it in 7.2.3.4.
    load::Unpacker unpacker;
    std::string_view text;
    REQUIRE(unpacker.unpack(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), &text));
    CHECK(text == "Hello");
}

TEST_CASE("what is no message is refused, and what comes behind it is read") {
    load::Unpacker unpacker;
    std::string_view text;
    CHECK_FALSE(unpacker.unpack("\xff\xff\xff\xff", &text));
    std::string cut = load::pack("some text of some length", "patch", "").bytes;
    CHECK_FALSE(unpacker.unpack(cut.substr(0, cut.size() - 4), &text));
    CHECK_FALSE(unpacker.unpack(load::pack(std::string(2 << 20, 'x'), "", "").bytes, &text));
    REQUIRE(unpacker.unpack(cut, &text));
    CHECK(text == "some text of some lengthpatch");
}
