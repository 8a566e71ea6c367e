#include "tests/bench/load/payload.h"

#include <doctest/doctest.h>

#include <stdexcept>

using load::Dialect;
using load::Mode;
using load::Options;
using load::Payload;
using load::Stamp;

namespace {

Options options(Dialect dialect, uint32_t size_bytes) {
    Options result;
    result.mode = Mode::user;
    result.dialect = dialect;
    result.size_bytes = size_bytes;
    return result;
}

}  // namespace

TEST_CASE("a raw text is exactly as long as asked, and is known again") {
    Payload payload(options(Dialect::raw, 64), 0xabc, "");
    const std::string text(payload.text(77));
    CHECK(text.size() == 64);
    Stamp stamp;
    REQUIRE(load::find_stamp(text, stamp));
    CHECK(stamp.sender == 0xabc);
    CHECK(stamp.sequence == 77);
    CHECK(payload.carried_by(text, stamp));
    CHECK_FALSE(payload.carried_by(text + "x", stamp));
    CHECK_FALSE(payload.carried_by(text.substr(0, 63), stamp));
}

TEST_CASE("a Hub message is JSON of the same size, and may come back with more fields") {
    Payload payload(options(Dialect::gateway, 64), 1, "u2");
    const std::string text(payload.text(0x10));
    CHECK(text == R"({"type":"text","to":"u2","content":"@@0000100000010xxxxxxxxxxx"})");
    CHECK(text.size() == 64);
    const std::string received = R"({"from":"u1",)" + text.substr(1, text.size() - 2) + R"(,"msg_id":"01J"})";
    Stamp stamp;
    REQUIRE(load::find_stamp(received, stamp));
    CHECK(payload.carried_by(received, stamp));
    std::string changed = received;
    changed[changed.find("xx")] = 'y';
    CHECK_FALSE(payload.carried_by(changed, stamp));
}

TEST_CASE("echo is plain text in both dialects") {
    Options echo = options(Dialect::gateway, 64);
    echo.mode = Mode::echo;
    CHECK(Payload(echo, 1, "").text(2) == Payload(options(Dialect::raw, 64), 1, "").text(2));
}

TEST_CASE("text without a whole stamp is refused") {
    Stamp stamp;
    CHECK_FALSE(load::find_stamp("", stamp));
    CHECK_FALSE(load::find_stamp(R"({"type":"error"})", stamp));
    CHECK_FALSE(load::find_stamp("@@000010000001", stamp));
    CHECK_FALSE(load::find_stamp("@@00001000000g0", stamp));
}

TEST_CASE("a size that has no room for the stamp is an error") {
    CHECK_THROWS_AS(Payload(options(Dialect::gateway, 40), 0, "u1"), std::runtime_error);
}
