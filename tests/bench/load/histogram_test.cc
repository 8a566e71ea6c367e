#include "tests/bench/load/histogram.h"

#include <doctest/doctest.h>

using load::Histogram;

TEST_CASE("quantiles are right within the width of a bucket") {
    Histogram histogram;
    for (uint64_t i = 1; i <= 100000; ++i)
        histogram.add(i * 10);
    CHECK(histogram.count() == 100000);
    CHECK(static_cast<double>(histogram.quantile_ns(0.5)) == doctest::Approx(500000).epsilon(0.035));
    CHECK(static_cast<double>(histogram.quantile_ns(0.99)) == doctest::Approx(990000).epsilon(0.035));
}

TEST_CASE("small values are exact, and the largest have a place") {
    Histogram histogram;
    CHECK(histogram.quantile_ns(0.5) == 0);
    histogram.add(7);
    CHECK(histogram.quantile_ns(0.5) == 7);
    histogram.add(~0ULL);
    CHECK(histogram.quantile_ns(0.9) >= ~0ULL / 100 * 96);
}
