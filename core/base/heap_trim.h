// HeapTrim: gives memory back to the system after a flood. An allocator keeps what was freed for the next
// time; after a storm of hundreds of megabytes there may be none. One thread's.
#ifndef GATEWAYD_CORE_BASE_HEAP_TRIM_H
#define GATEWAYD_CORE_BASE_HEAP_TRIM_H

#include <cstddef>

namespace gatewayd {

class HeapTrim {
   public:
    // What the queues and buffers hold now. Call it now and then. True: so much had gone when it was last
    // called that the heap was trimmed now.
    bool note(size_t bytes);

   private:
    static constexpr size_t worth_bytes = 4UL * 1024 * 1024;

    size_t peak_bytes_ = 0;
    bool due_ = false;
};

}  // namespace gatewayd

#endif
