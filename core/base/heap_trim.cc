#include "core/base/heap_trim.h"

#include <malloc.h>

#include <algorithm>

namespace gatewayd {

bool HeapTrim::note(size_t bytes) {
    // One call late: what went is freed by the time.
    const bool trims = due_;
    if (trims) ::malloc_trim(0);
    peak_bytes_ = due_ ? bytes : std::max(peak_bytes_, bytes);
    // While more is held than went, trimming would only make the next flood dearer.
    due_ = peak_bytes_ - bytes >= std::max(worth_bytes, bytes);
    return trims;
}

}  // namespace gatewayd
