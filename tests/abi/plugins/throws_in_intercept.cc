// C++ without the SDK, whose intercept throws into the host.
#include <stdexcept>

#include "parts.h"

GOOD_NOTE("throws_in_intercept");

static int32_t throwing_intercept(void*, void*, gw_ctx*, gw_req*, gw_next*) {
    throw std::runtime_error("no such street");
}

ENTRY_WITH(interceptor.intercept = throwing_intercept)
