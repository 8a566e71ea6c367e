// Pulse: whether a thread is in the middle of something, and whether it is still the same thing: what a
// watchdog asks. One writer, the thread itself, which pays two plain stores a turn; any thread reads.
#ifndef GATEWAYD_CORE_BASE_PULSE_H
#define GATEWAYD_CORE_BASE_PULSE_H

#include <atomic>
#include <cstdint>

namespace gatewayd {

class Pulse {
   public:
    // One turn of the thread, from its making to its end. Turns do not nest.
    class Beat {
       public:
        explicit Beat(Pulse& pulse) : pulse_(pulse) { pulse_.step(); }
        ~Beat() { pulse_.step(); }
        Beat(const Beat&) = delete;
        Beat& operator=(const Beat&) = delete;

       private:
        Pulse& pulse_;
    };

    // Odd: in a turn. Another number: another turn.
    uint64_t count() const { return count_.load(std::memory_order_relaxed); }

   private:
    void step() { count_.store(count() + 1, std::memory_order_relaxed); }

    std::atomic<uint64_t> count_{0};
};

}  // namespace gatewayd

#endif
