#include "core/harness/yard.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>

namespace gatewayd::harness {
namespace {

constexpr int dead_byte = 0xDD;  // nowhere in UTF-8 after itself

size_t checksum_of(const char* bytes, size_t size) {
    return std::hash<std::string_view>()({bytes, size});
}

// A function of AddressSanitizer's runtime, when the test is built with it; this library is not.
void* sanitizer_function(const char* name) {
    return ::dlsym(RTLD_DEFAULT, name);
}

}  // namespace

TextYard& TextYard::instance() {
    static auto* yard = new TextYard();  // for ever: a plugin's thread may still look at a text at the end
    return *yard;
}

TextYard::TextYard()
    : poison_(reinterpret_cast<Poison>(sanitizer_function("__asan_poison_memory_region"))),
      unpoison_(reinterpret_cast<Poison>(sanitizer_function("__asan_unpoison_memory_region"))) {}

TextYard::Text TextYard::copy(std::string_view text) {
    // One byte more, so that each text has an address of its own; nobody may count on what it is.
    auto* bytes = static_cast<char*>(std::malloc(text.size() + 1));
    if (!bytes) throw std::bad_alloc();
    if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
    bytes[text.size()] = '#';
    return {bytes, text.size(), checksum_of(bytes, text.size())};
}

bool TextYard::bury(const Text& text) {
    const bool unchanged = checksum_of(text.bytes, text.size) == text.checksum;
    std::memset(text.bytes, dead_byte, text.size + 1);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (poison_) poison_(text.bytes, text.size + 1);
    order_.push_back(text);
    dead_.emplace(text.bytes, text.size + 1);
    dead_bytes_ += text.size + 1;
    while (order_.size() > max_dead_texts || dead_bytes_ > max_dead_mb << 20)
        free_oldest();
    return unchanged;
}

void TextYard::free_oldest() {
    const Text text = order_.front();
    order_.pop_front();
    dead_.erase(text.bytes);
    dead_bytes_ -= text.size + 1;
    if (unpoison_) unpoison_(text.bytes, text.size + 1);
    std::free(text.bytes);
}

bool TextYard::is_dead(const char* bytes) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto after = dead_.upper_bound(bytes);
    if (after == dead_.begin()) return false;
    const auto& [begin, size] = *std::prev(after);
    return bytes < begin + size;
}

}  // namespace gatewayd::harness
