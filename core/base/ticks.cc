#include "core/base/ticks.h"

#include <fstream>
#include <mutex>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gatewayd {
namespace {

#if defined(__x86_64__)

constexpr uint64_t calibration_ns = 2'000'000;

// It counts at one rate, in every state of the processor (CPUID 8000_0007h, EDX bit 8).
bool tsc_is_invariant() {
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx >> 8 & 1) != 0;
}

// The kernel takes it off this list when the processors' counters differ.
bool kernel_distrusts_tsc() {
    std::ifstream list("/sys/devices/system/clocksource/clocksource0/available_clocksource");
    for (std::string name; list >> name;) {
        if (name == "tsc") return false;
    }
    return list.is_open();  // no such file: only the processor can say
}

struct Reading {
    uint64_t ns;
    uint64_t ticks;
};

// The two clocks at one moment: of several pairs the one that took least, so that no interruption lies
// between.
Reading read_both() {
    Reading best{0, 0};
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 16; ++i) {
        const uint64_t before = __rdtsc();
        const uint64_t ns = monotonic_now_ns();
        const uint64_t after = __rdtsc();
        if (after - before >= least) continue;
        least = after - before;
        best = {ns, before + (after - before) / 2};
    }
    return best;
}

void use_tsc() {
    const Reading begin = read_both();
    while (monotonic_now_ns() - begin.ns < calibration_ns) {
    }
    const Reading end = read_both();
    if (end.ticks <= begin.ticks || end.ns <= begin.ns) return;
    internal::ns_per_tick =
        static_cast<double>(end.ns - begin.ns) / static_cast<double>(end.ticks - begin.ticks);
    internal::tick_source = TickSource::tsc;
}

#endif

}  // namespace

void set_up_ticks() {
    static std::once_flag once;
    std::call_once(once, [] {
#if defined(__x86_64__)
        if (tsc_is_invariant() && !kernel_distrusts_tsc()) use_tsc();
#endif
    });
}

void fake_the_ticks(bool fake) {
    internal::tick_source = fake ? TickSource::fake : TickSource::clock;
    internal::ns_per_tick = 1;
}

}  // namespace gatewayd
