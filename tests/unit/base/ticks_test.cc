#include "core/base/ticks.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gatewayd;

TEST_CASE("ticks measure the same time as the clock") {
    set_up_ticks();
    // Whatever interrupts between two readings makes one of them longer: of many tries some are close.
    double best = 1;
    for (int i = 0; i < 200 && best > 0.02; ++i) {
        const uint64_t clock = monotonic_now_ns();
        const uint64_t ticks = ticks_now();
        uint64_t clock_ns = 0;
        while (clock_ns < 200'000)
            clock_ns = monotonic_now_ns() - clock;
        const auto tick_ns = static_cast<double>(ticks_to_ns(ticks_now() - ticks));
        const double off = tick_ns / static_cast<double>(clock_ns) - 1;
        best = std::min(best, off < 0 ? -off : off);
    }
    CHECK(best <= 0.02);
}

TEST_CASE("ticks that went back are no time") {
    CHECK(ticks_to_ns(uint64_t{0} - 5) == 0);
}

TEST_CASE("fake ticks are nanoseconds") {
    fake_the_ticks(true);
    internal::fake_ticks = 41;
    CHECK(ticks_now() == 41);
    CHECK(ticks_to_ns(1000) == 1000);
    fake_the_ticks(false);
    CHECK(tick_source() == TickSource::clock);
}
