// The clocks, read now. A reactor's turn reads them once and keeps them: Reactor::monotonic_ns() and
// wall_ms(). Any thread.
#ifndef GATEWAYD_CORE_BASE_CLOCK_H
#define GATEWAYD_CORE_BASE_CLOCK_H

#include <time.h>

#include <cstdint>

namespace gatewayd {

// From an arbitrary start; never goes back.
inline uint64_t monotonic_now_ns() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Since 1970, UTC.
inline int64_t wall_now_ms() {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

}  // namespace gatewayd

#endif
