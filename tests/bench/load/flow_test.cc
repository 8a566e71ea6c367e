#include "tests/bench/load/flow.h"

#include <doctest/doctest.h>

#include <initializer_list>

using load::Flow;

namespace {

Flow after(std::initializer_list<uint32_t> sequences) {
    Flow flow;
    for (const uint32_t sequence : sequences)
        flow.receive(sequence);
    return flow;
}

void check(const Flow& flow, uint32_t sent, uint64_t lost, uint64_t duplicate, uint64_t reordered) {
    CHECK(flow.lost(sent) == lost);
    CHECK(flow.duplicate() == duplicate);
    CHECK(flow.reordered() == reordered);
}

}  // namespace

TEST_CASE("all in order: nothing to report") {
    check(after({0, 1, 2, 3}), 4, 0, 0, 0);
}

TEST_CASE("nothing came: all lost") {
    check(Flow(), 7, 7, 0, 0);
}

TEST_CASE("a gap is lost") {
    check(after({0, 3}), 4, 2, 0, 0);
}

TEST_CASE("what is missing at the end is lost") {
    check(after({0, 1}), 5, 3, 0, 0);
}

TEST_CASE("a swapped pair is one reordered message, and none is lost") {
    check(after({1, 0, 2}), 3, 0, 0, 1);
}

TEST_CASE("the same message again is a duplicate, also after a gap was filled") {
    check(after({0, 0, 2, 1, 1, 2}), 3, 0, 3, 1);
}

TEST_CASE("receive tells whether the message is new") {
    Flow flow;
    CHECK(flow.receive(1));
    CHECK_FALSE(flow.receive(1));
    CHECK(flow.receive(0));
    CHECK_FALSE(flow.receive(0));
}
