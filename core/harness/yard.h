// TextYard: copies of what host functions hand out to a plugin under test. Each copy lives as long as its
// hook; then its bytes are overwritten (and poisoned where AddressSanitizer runs) and kept for a while, so
// that a view that was kept reads garbage, and one that comes back to the host is recognized. One a process;
// any thread.
#ifndef GATEWAYD_CORE_HARNESS_YARD_H
#define GATEWAYD_CORE_HARNESS_YARD_H

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

namespace gatewayd::harness {

class TextYard {
   public:
    static constexpr size_t max_dead_texts = 4096;
    static constexpr size_t max_dead_mb = 16;

    struct Text {
        char* bytes;
        size_t size;
        size_t checksum;
    };

    static TextYard& instance();

    Text copy(std::string_view text);
    // False: somebody wrote into it.
    bool bury(const Text& text);
    // Whether these bytes lie in a text that is dead.
    bool is_dead(const char* bytes) const;

   private:
    TextYard();
    void free_oldest();

    using Poison = void (*)(const volatile void* address, size_t size);
    Poison poison_ = nullptr;
    Poison unpoison_ = nullptr;
    mutable std::mutex mutex_;
    std::deque<Text> order_;
    std::map<const char*, size_t> dead_;  // begin, size
    size_t dead_bytes_ = 0;
};

}  // namespace gatewayd::harness

#endif
