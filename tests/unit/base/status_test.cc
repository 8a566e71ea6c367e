#include "core/base/status.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace gatewayd;

TEST_CASE("each error code has a word of its own, which leads back to it") {
    for (int i = 0; i < error_code_count; ++i) {
        const auto code = static_cast<ErrorCode>(i);
        CAPTURE(wire_name(code));
        CHECK(error_code_of(wire_name(code)) == code);
    }
    CHECK(std::strcmp(wire_name(static_cast<ErrorCode>(error_code_count)), "unknown") == 0);
    CHECK_FALSE(error_code_of("unknown"));
    CHECK_FALSE(error_code_of(""));
}
