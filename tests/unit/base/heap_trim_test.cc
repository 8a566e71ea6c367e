#include "core/base/heap_trim.h"

#include <doctest/doctest.h>

using gatewayd::HeapTrim;

constexpr size_t mb = 1024UL * 1024;

TEST_CASE("the heap is trimmed once after much went, one call later") {
    HeapTrim trim;
    CHECK_FALSE(trim.note(100 * mb));
    CHECK_FALSE(trim.note(10 * mb));
    CHECK(trim.note(10 * mb));
    CHECK_FALSE(trim.note(10 * mb));
    CHECK_FALSE(trim.note(0));
    CHECK(trim.note(0));
}

TEST_CASE("the heap is left alone while more is held than went, and for little") {
    HeapTrim trim;
    CHECK_FALSE(trim.note(100 * mb));
    CHECK_FALSE(trim.note(60 * mb));
    CHECK_FALSE(trim.note(60 * mb));
    CHECK_FALSE(trim.note(90 * mb));
    HeapTrim little;
    CHECK_FALSE(little.note(3 * mb));
    CHECK_FALSE(little.note(0));
    CHECK_FALSE(little.note(0));
}
