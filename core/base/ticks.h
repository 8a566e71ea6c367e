// Ticks: a clock that is cheap enough to time single calls of plugins: the processor's time stamp counter
// where it runs evenly, else CLOCK_MONOTONIC in nanoseconds. A tick is whatever the source counts;
// differences become nanoseconds by ticks_to_ns(). Set up once, before threads read it; then any thread.
#ifndef GATEWAYD_CORE_BASE_TICKS_H
#define GATEWAYD_CORE_BASE_TICKS_H

#include <cstdint>

#include "core/base/clock.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace gatewayd {

enum class TickSource : uint8_t { clock, tsc, fake };

namespace internal {
inline TickSource tick_source = TickSource::clock;
inline double ns_per_tick = 1;
inline uint64_t fake_ticks = 0;
}  // namespace internal

// Chooses the source and measures it, for about 2 ms, at the first call in a process. Without it: the clock.
// The caller has started no thread yet that reads ticks.
void set_up_ticks();
// For tests: ticks are what fake_ticks says, a nanosecond each; false: back to the clock.
void fake_the_ticks(bool fake);

inline TickSource tick_source() {
    return internal::tick_source;
}

inline uint64_t ticks_now() {
#if defined(__x86_64__)
    if (__builtin_expect(internal::tick_source == TickSource::tsc, 1)) return __rdtsc();
#endif
    return internal::tick_source == TickSource::fake ? internal::fake_ticks : monotonic_now_ns();
}

// Of a difference of two readings; one that went back, from one processor to another, is 0.
inline uint64_t ticks_to_ns(uint64_t ticks) {
    if (static_cast<int64_t>(ticks) < 0) return 0;
    return static_cast<uint64_t>(static_cast<double>(ticks) * internal::ns_per_tick);
}

}  // namespace gatewayd

#endif
