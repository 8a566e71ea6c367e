// The parts of limits: buckets, what is tracked, bans, admission, the id of a refused message.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "plugins/limits/admission.h"
#include "plugins/limits/bans.h"
#include "plugins/limits/bucket.h"
#include "plugins/limits/message_id.h"
#include "plugins/limits/tracked.h"

namespace gatewayd {
namespace {

using namespace limits;

constexpr int64_t second = ns_per_s;
constexpr int64_t start = 1000 * second;

}  // namespace

TEST_CASE("a bucket gives its burst at once and its rate from then on") {
    const Rate rate{10, 5};
    Bucket bucket;
    for (int i = 0; i < 5; ++i)
        CHECK(bucket.take(rate, 1, start) == 0);
    CHECK(bucket.take(rate, 1, start) == second / 10);
    CHECK(bucket.take(rate, 1, start + second / 10 - 1) == 1);
    CHECK(bucket.take(rate, 1, start + second / 10) == 0);
    CHECK_FALSE(bucket.is_full(start + second / 10));
    int taken = 0;
    for (int64_t now = start + second; now < start + 11 * second; now += second / 1000)
        taken += bucket.take(rate, 1, now) == 0;
    CHECK(taken == 5 + 99);  // full at the beginning, then ten a second
    CHECK(bucket.is_full(start + 12 * second));
}

TEST_CASE(
    "a bucket without a rate never refuses, and one bigger message than it holds is let through when it is "
    "full") {
    Bucket bucket;
    CHECK(bucket.take(Rate{}, 1e12, start) == 0);
    CHECK(bucket.is_full(start));
    const Rate bytes{1000, 2000};
    CHECK(bucket.take(bytes, 10'000, start) == 0);
    CHECK(bucket.take(bytes, 1, start) > 7 * second);
    CHECK(bucket.take(bytes, 1, start + 10 * second) == 0);
}

TEST_CASE("threads that take from one bucket get no more than is in it") {
    const Rate rate{1, 1000};
    Bucket bucket;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n)
                taken += bucket.take(rate, 1, start) == 0;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(taken == 1000);
}

TEST_CASE("a table keeps what matters, forgets what does not, and is bounded") {
    const Rate rate{1, 1};
    TrackedTable table(64);  // two of each shard
    const TrackedPtr kept = table.find("kept", start);
    CHECK((table.find("kept", start) == kept));
    for (int i = 0; i < 10'000; ++i)
        table.find("idle" + std::to_string(i), start)->messages.take(rate, 1, start);
    CHECK(table.size() <= 2 * 64);
    // Those that found no place share their limits.
    int refused = 0;
    for (int i = 0; i < 1000; ++i)
        refused +=
            table.find("new" + std::to_string(i), start + second / 2)->messages.take(rate, 1, start) != 0;
    CHECK(refused > 900);
    CHECK((table.find("kept", start) == kept));
    // Much later nothing of them matters any more.
    for (int i = 0; i < 1000; ++i)
        table.find("later" + std::to_string(i), start + 100 * second);
    CHECK((table.find("kept", start + 100 * second) == kept));
}

TEST_CASE("bans end by themselves or are lifted") {
    Bans bans;
    CHECK(bans.left_ms("a", 0) == 0);
    CHECK(bans.add({"a", "192.0.2.1", "why", 1000}, 0));
    CHECK(bans.add({"b", "192.0.2.2", "why", 3000}, 0));
    CHECK(bans.left_ms("a", 400) == 600);
    const auto listed = bans.list(400, 10);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].name == "192.0.2.2");
    CHECK(bans.list(400, 1).size() == 1);
    CHECK(bans.left_ms("a", 1000) == 0);
    CHECK(bans.size() == 1);
    CHECK(bans.lift("b"));
    CHECK_FALSE(bans.lift("b"));
    CHECK(bans.left_ms("b", 0) == 0);
    CHECK(bans.add({std::string("\0\xff k", 4), "2001:db8::/64", "too many bytes", 3000}, 0));
    Bans successor;
    successor.load(bans.save(0), 0);
    CHECK(successor.left_ms(std::string("\0\xff k", 4), 1000) == 2000);
    CHECK(successor.list(0, 9)[0].why == "too many bytes");
    CHECK(bans.lift_all() == 1);
    for (size_t i = 0; i < Bans::max_bans; ++i)
        CHECK(bans.add({std::to_string(i), "x", "why", 1000}, 0));
    CHECK_FALSE(bans.add({"one more", "x", "why", 1000}, 0));
    CHECK(bans.add({"one more", "x", "why", 3000}, 2000));  // the others have ended
    CHECK(bans.size() == 1);
    CHECK(bans.lift_all() == 1);
}

TEST_CASE("admission gives a place each, evenly, and refuses beyond its limits") {
    Admission admission({{100, 2}, 3, second});
    CHECK(admission.enter(start) == 0);
    CHECK(admission.enter(start) == 0);
    std::vector<int64_t> waits;
    for (int i = 0; i < 3; ++i) {
        waits.push_back(admission.enter(start));
        const bool first = admission.wait({static_cast<uint64_t>(i), 1}, start + waits.back());
        CHECK(first == (i == 0));
    }
    CHECK(waits == std::vector<int64_t>{second / 100, second / 50, 3 * second / 100});
    CHECK(admission.enter(start) < 0);  // three wait already
    size_t waiting = 0;
    CHECK(admission.due(start, &waiting).empty());
    const auto due = admission.due(start + second / 50, &waiting);
    REQUIRE(due.size() == 2);
    CHECK(due[0].slot == 0);
    CHECK(due[1].slot == 1);
    CHECK(waiting == 1);
    CHECK(admission.enter(start + second / 50) > 0);
    Admission impatient({{1, 1}, 100, second / 2});
    CHECK(impatient.enter(start) == 0);
    CHECK(impatient.enter(start) < 0);  // it would wait too long
    Admission open({Rate{}, 0, 0});
    for (int i = 0; i < 1000; ++i)
        CHECK(open.enter(start) == 0);
}

TEST_CASE("the id of a message that was not decoded") {
    CHECK(message_id(R"({"type":"text","id":"a\"b","to":"u"})") == R"("a\"b")");
    CHECK(message_id(R"({"id":12345678901234567890.5e3})") == "12345678901234567890.5e3");
    CHECK(message_id(R"({"data":{"id":1},"id":2})") == "2");
    CHECK(message_id(R"([{"id":1}])") == "");
    CHECK(message_id(R"({"id":null})") == "");
    CHECK(message_id(R"({"id":{"x":1}})") == "");
    CHECK(message_id(R"({"type":"te)") == "");
    CHECK(message_id("no JSON") == "");
    CHECK(message_id("{\"id\":\"\xff\"}") == "");
    CHECK(message_id("{\"id\":\"" + std::string(max_id_bytes + 1, 'x') + "\"}") == "");
    CHECK(message_id("{\"id\":1" + std::string(max_searched_bytes, ' ') + "}") == "");
}

}  // namespace gatewayd
