#include "core/base/timer_wheel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace gatewayd {
namespace {

struct Timer : TimerWheel::Node {
    uint32_t expected = 0;  // 0: none
};

TEST_CASE("random deadlines come at their tick and not before, however far away") {
    std::mt19937 random(11);
    TimerWheel wheel;
    std::vector<Timer> timers(200);
    for (int tick = 0; tick < 6000; ++tick) {
        for (int i = 0; i < 3; ++i) {
            Timer& timer = timers[random() % timers.size()];
            if (random() % 4 == 0) {
                wheel.cancel(&timer);
                timer.expected = 0;
                REQUIRE_FALSE(timer.scheduled());
            } else {
                // Now, soon, around the horizon of 512 ticks, and far beyond it.
                const uint32_t ahead[] = {0, 1, static_cast<uint32_t>(random() % 50),
                                          static_cast<uint32_t>(505 + random() % 15),
                                          static_cast<uint32_t>(random() % 3000)};
                const uint32_t delay = ahead[random() % 5];
                wheel.schedule(&timer, wheel.now_tick() + delay);
                timer.expected = wheel.now_tick() + std::max(delay, 1U);
                REQUIRE(timer.scheduled());
            }
        }
        wheel.tick([&](TimerWheel::Node* node) {
            auto* timer = static_cast<Timer*>(node);
            REQUIRE(timer->expected == wheel.now_tick());
            timer->expected = 0;
        });
        for (const Timer& timer : timers) {
            REQUIRE((timer.expected == 0 || timer.expected > wheel.now_tick()));
            REQUIRE(timer.scheduled() == (timer.expected != 0));
        }
    }
}

TEST_CASE("a callback may schedule itself again and cancel others that are due in the same tick") {
    TimerWheel wheel;
    Timer first;
    Timer second;
    Timer third;
    for (Timer* timer : {&first, &second, &third})
        wheel.schedule(timer, 5);
    std::vector<Timer*> called;
    auto due = [&](TimerWheel::Node* node) {
        auto* timer = static_cast<Timer*>(node);
        called.push_back(timer);
        if (timer == &first) {
            wheel.cancel(&second);
            wheel.schedule(&first, wheel.now_tick());        // the past: at the next tick, not in this one
            wheel.schedule(&third, wheel.now_tick() + 512);  // the same slot, a round later
        }
    };
    for (int i = 0; i < 5; ++i)
        wheel.tick(due);
    CHECK(called == std::vector<Timer*>{&first});
    wheel.tick([&](TimerWheel::Node* node) { called.push_back(static_cast<Timer*>(node)); });
    CHECK(called == std::vector<Timer*>{&first, &first});
    while (wheel.now_tick() < 516)
        wheel.tick([](TimerWheel::Node*) { FAIL("too early"); });
    wheel.tick([&](TimerWheel::Node* node) { called.push_back(static_cast<Timer*>(node)); });
    CHECK(called.back() == &third);
    CHECK(called.size() == 3);
}

TEST_CASE("milliseconds become ticks, rounded up") {
    CHECK(to_ticks(0) == 0);
    CHECK(to_ticks(1) == 1);
    CHECK(to_ticks(100) == 1);
    CHECK(to_ticks(101) == 2);
    CHECK(to_ticks(4'294'967'000U) == 42'949'670);
}

}  // namespace
}  // namespace gatewayd
