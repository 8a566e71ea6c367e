#include "core/base/log_limiter.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using gatewayd::LogLevel;
using gatewayd::log::LogLimiter;
using namespace std::chrono_literals;

namespace {

const LogLimiter::TimePoint start{1000s};

}  // namespace

TEST_CASE("the first line of a key is written, the next ones counted until the window is over") {
    LogLimiter limiter;
    CHECK(limiter.note(LogLevel::warn, "k", "e", start).write);
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(limiter.note(LogLevel::warn, "k", "e", start + 9s).write);
    const LogLimiter::Verdict later = limiter.note(LogLevel::warn, "k", "e", start + 10s);
    CHECK(later.write);
    CHECK(later.repeated == 5);
    CHECK_FALSE(limiter.note(LogLevel::warn, "k", "e", start + 11s).write);
    const LogLimiter::Verdict last = limiter.note(LogLevel::warn, "k", "e", start + 21s);
    CHECK(last.write);
    CHECK(last.repeated == 1);
}

TEST_CASE(
    "of a key that may have more, so many are written in a window, and the first one left out is told") {
    LogLimiter limiter;
    const auto note = [&](auto at) { return limiter.note(LogLevel::info, "k", "e", start + at, 3); };
    for (int i = 0; i < 3; ++i)
        CHECK(note(1s).write);
    const LogLimiter::Verdict fourth = note(2s);
    CHECK_FALSE(fourth.write);
    CHECK(fourth.first_left_out);
    const LogLimiter::Verdict fifth = note(9s);
    CHECK_FALSE(fifth.write);
    CHECK_FALSE(fifth.first_left_out);
    const LogLimiter::Verdict next = note(11s);
    CHECK(next.write);
    CHECK(next.repeated == 2);
    CHECK(note(12s).write);
    CHECK(note(13s).write);
    CHECK_FALSE(note(14s).write);
}

TEST_CASE("keys are counted apart") {
    LogLimiter limiter;
    CHECK(limiter.note(LogLevel::warn, "a", "e", start).write);
    CHECK(limiter.note(LogLevel::warn, "b", "e", start).write);
    CHECK_FALSE(limiter.note(LogLevel::warn, "a", "e", start).write);
}

TEST_CASE("what was counted and not said is said once") {
    LogLimiter limiter;
    CHECK(limiter.note(LogLevel::warn, "a", "slow client", start).write);
    CHECK(limiter.note(LogLevel::warn, "quiet", "once", start).write);
    CHECK_FALSE(limiter.note(LogLevel::error, "a", "slow client", start).write);
    CHECK_FALSE(limiter.note(LogLevel::error, "a", "slow client", start).write);
    const auto unsaid = limiter.take_unsaid();
    REQUIRE(unsaid.size() == 1);
    CHECK(unsaid[0].event == "slow client");
    CHECK(unsaid[0].level == LogLevel::error);
    CHECK(unsaid[0].repeated == 2);
    CHECK(limiter.take_unsaid().empty());
}

TEST_CASE("beyond the limit of keys new ones share an entry, until quiet keys make room") {
    LogLimiter limiter;
    for (size_t i = 0; i < LogLimiter::max_keys; ++i) {
        CHECK(limiter.note(LogLevel::warn, std::to_string(i), "e", start).write);
    }
    CHECK(limiter.note(LogLevel::warn, "x", "e", start + 1s).write);
    CHECK_FALSE(limiter.note(LogLevel::warn, "y", "e", start + 1s).write);
    // Everything is quiet: the table is swept, and x has an entry of its own again.
    CHECK(limiter.note(LogLevel::warn, "x", "e", start + 30s).write);
    CHECK(limiter.note(LogLevel::warn, "y", "e", start + 30s).write);
    CHECK_FALSE(limiter.note(LogLevel::warn, "y", "e", start + 31s).write);
}
