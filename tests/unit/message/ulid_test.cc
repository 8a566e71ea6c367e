#include "core/message/ulid.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using gatewayd::Rfc3339Clock;
using gatewayd::UlidMaker;

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int64_t time_of(std::string_view ulid) {
    int64_t ms = 0;
    for (const char c : ulid.substr(0, 10)) {
        ms = ms * 32 + static_cast<int64_t>(alphabet.find(c));
    }
    return ms;
}

}  // namespace

TEST_CASE("ulid: 26 characters of Crockford's alphabet that begin with the time") {
    UlidMaker maker;
    for (const int64_t ms : {int64_t{0}, int64_t{1}, int64_t{1469918176385}, int64_t{1795646991123}}) {
        const std::string id(maker.next(ms));
        CHECK(id.size() == 26);
        CHECK(id.find_first_not_of(alphabet) == std::string::npos);
        CHECK(time_of(id) == ms);
    }
    UlidMaker example;
    CHECK(example.next(1469918176385).substr(0, 10) == "01ARYZ6S41");  // the one of the ULID specification
    CHECK(example.next(281474976710655).substr(0, 10) == "7ZZZZZZZZZ");
}

TEST_CASE("ulid: only ever grows, in one millisecond and when the clock goes back") {
    UlidMaker maker;
    std::string last;
    int64_t ms = 1795646991123;
    for (int i = 0; i < 200000; ++i) {
        if (i % 50000 == 49999) ms += 1;
        if (i % 70000 == 69999) ms -= 5000;
        const std::string id(maker.next(ms));
        REQUIRE(id > last);
        last = id;
    }
    CHECK(time_of(last) == 1795646991124);
}

TEST_CASE("ulid: goes on when the random part of a millisecond is used up") {
    // Steps are 2^55 on average and the part begins with 2^79 to 2^80 of room: 2^24 to 2^25 ids.
    constexpr int64_t limit = int64_t{1} << 27;
    UlidMaker maker;
    std::string last(maker.next(7));
    int64_t made = 1;
    bool grows = true;
    for (; last[9] == '7' && grows && made < limit; ++made) {
        const std::string_view id = maker.next(7);
        grows = id > last;
        last = id;
    }
    CHECK(grows);
    CHECK(time_of(last) == 8);
    CHECK(made > int64_t{1} << 22);
    CHECK(maker.next(7) > last);
}

TEST_CASE("ulid: the steps within a millisecond differ, and so do two makers") {
    UlidMaker maker;
    std::set<std::string> tails;
    for (int i = 0; i < 1000; ++i) {
        tails.insert(std::string(maker.next(1).substr(20)));
    }
    CHECK(tails.size() > 990);
    UlidMaker other;
    CHECK(maker.next(2).substr(10) != other.next(2).substr(10));
}

TEST_CASE("ulid: times out of range are clamped") {
    UlidMaker maker;
    CHECK(time_of(maker.next(-5)) == 0);
    CHECK(time_of(maker.next(INT64_MAX)) == 281474976710655);
}

TEST_CASE("rfc3339 clock") {
    struct Example {
        int64_t ms;
        std::string_view text;
    };
    const Example examples[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {999, "1970-01-01T00:00:00.999Z"},
        {1000, "1970-01-01T00:00:01.000Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868799999, "2000-02-29T23:59:59.999Z"},
        {1709164800000, "2024-02-29T00:00:00.000Z"},
        {1795646991123, "2026-11-25T22:49:51.123Z"},
        {1795646991123, "2026-11-25T22:49:51.123Z"},
        {1795646991007, "2026-11-25T22:49:51.007Z"},
        {1795646990999, "2026-11-25T22:49:50.999Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "9999-12-31T23:59:59.999Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
    };
    Rfc3339Clock kept;  // with a cache from the example before
    for (const Example& example : examples) {
        CHECK(kept.format(example.ms) == example.text);
        Rfc3339Clock fresh;
        CHECK(fresh.format(example.ms) == example.text);
    }
}
