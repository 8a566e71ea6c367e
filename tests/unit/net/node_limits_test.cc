#include "core/net/node_limits.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace gatewayd {
namespace {

PeerAddress peer(unsigned char last, uint16_t port = 1) {
    PeerAddress address;
    address.ip[15] = last;
    address.port = port;
    return address;
}

TEST_CASE("the node takes so many connections, and another when one leaves") {
    NodeLimits limits(2, 0);
    CHECK(limits.admit(peer(1)) == NodeLimits::Admission::admitted);
    CHECK(limits.admit(peer(1)) == NodeLimits::Admission::admitted);
    CHECK(limits.admit(peer(2)) == NodeLimits::Admission::node_full);
    CHECK(limits.count() == 2);
    limits.leave(peer(1));
    CHECK(limits.admit(peer(2)) == NodeLimits::Admission::admitted);
}

TEST_CASE("addresses are counted apart, whatever their port, and a refusal costs no place") {
    NodeLimits limits(10, 2);
    CHECK(limits.admit(peer(1, 10)) == NodeLimits::Admission::admitted);
    CHECK(limits.admit(peer(1, 11)) == NodeLimits::Admission::admitted);
    for (int i = 0; i < 20; ++i)
        CHECK(limits.admit(peer(1, 12)) == NodeLimits::Admission::address_full);
    CHECK(limits.count() == 2);
    CHECK(limits.admit(peer(17)) == NodeLimits::Admission::admitted);  // of the same shard
    limits.leave(peer(1, 11));
    CHECK(limits.admit(peer(1, 13)) == NodeLimits::Admission::admitted);
    for (const auto& last : {peer(1), peer(1), peer(17)})
        limits.leave(last);
    CHECK(limits.count() == 0);
}

TEST_CASE("a proxy's connection counts at once, its client when it is known, and both leave") {
    NodeLimits limits(3, 1);
    REQUIRE(limits.admit_unnamed() == NodeLimits::Admission::admitted);
    REQUIRE(limits.admit_unnamed() == NodeLimits::Admission::admitted);
    CHECK(limits.admit_address(peer(1)));
    CHECK_FALSE(limits.admit_address(peer(1)));
    CHECK(limits.admit(peer(1)) == NodeLimits::Admission::address_full);
    CHECK(limits.count() == 2);
    CHECK(limits.admit(peer(2)) == NodeLimits::Admission::admitted);
    CHECK(limits.admit_unnamed() == NodeLimits::Admission::node_full);
    limits.leave_unnamed();
    limits.leave(peer(1));
    CHECK(limits.count() == 1);
    CHECK(limits.admit(peer(1)) == NodeLimits::Admission::admitted);
}

TEST_CASE("only so many are told that there is no room") {
    NodeLimits limits(1, 0);
    for (uint32_t i = 0; i < NodeLimits::max_refusing_connections; ++i)
        REQUIRE(limits.begin_refusing());
    CHECK_FALSE(limits.begin_refusing());
    limits.end_refusing();
    CHECK(limits.begin_refusing());
    CHECK_FALSE(limits.begin_refusing());
}

TEST_CASE("threads that come and go leave the counts at zero, and never pass a limit") {
    NodeLimits limits(6, 3);
    std::vector<std::thread> threads;
    for (unsigned char thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&limits, thread] {
            for (int i = 0; i < 5000; ++i) {
                const PeerAddress own = peer(thread % 2);
                if (limits.admit(own) != NodeLimits::Admission::admitted) continue;
                CHECK(limits.count() <= 6 + 4);  // others may be in the middle of being refused
                limits.leave(own);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(limits.count() == 0);
    for (int i = 0; i < 3; ++i)
        CHECK(limits.admit(peer(0)) == NodeLimits::Admission::admitted);
    CHECK(limits.admit(peer(0)) == NodeLimits::Admission::address_full);
}

}  // namespace
}  // namespace gatewayd
