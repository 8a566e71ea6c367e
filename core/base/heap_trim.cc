#include "core/base/heap_trim.h"

#include <malloc.h>

#include <algorithm>

namespace gatewayd {

bool HeapTrim::note(size_t bytes) {
    peak_bytes_ = std::max(peak_bytes_, bytes);
    // While more is held than went, trimming would only make the next flood dearer.
    if (peak_bytes_ - bytes < std::max(worth_bytes, bytes)) return false;
    peak_bytes_ = bytes;
    ::malloc_trim(0);
    return true;
}

}  // namespace gatewayd
