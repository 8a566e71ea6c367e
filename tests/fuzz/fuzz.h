// What the fuzz targets share: how a property fails, bytes that end where they end, and reads that cut
// anywhere. Each target is a file of its own; libFuzzer calls LLVMFuzzerTestOneInput on one thread.
#ifndef GATEWAYD_TESTS_FUZZ_FUZZ_H
#define GATEWAYD_TESTS_FUZZ_FUZZ_H

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd::fuzz {

// A property of the target. Not so: says which, with what it was about, and ends the process, so that
// libFuzzer keeps the input.
inline void must(bool is_so, const char* property, std::string_view about = {}) {
    if (is_so) return;
    std::fprintf(stderr, "NOT SO: %s\n", property);
    if (!about.empty()) std::fprintf(stderr, "%.*s\n", static_cast<int>(about.size()), about.data());
    std::abort();
}

// A copy in memory of exactly its size: AddressSanitizer sees a read of one byte too many.
class Exact {
   public:
    explicit Exact(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
        bytes.copy(bytes_.get(), size_);
    }
    std::string_view view() const { return {bytes_.get(), size_}; }
    char* data() { return bytes_.get(); }
    size_t size() const { return size_; }

   private:
    std::unique_ptr<char[]> bytes_;
    size_t size_;
};

// FNV-1a: choices that an input makes without bytes of its own, so that a seed is what it looks like.
inline uint64_t hash_of(std::string_view bytes) {
    uint64_t hash = 0xCBF29CE484222325U;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    return hash;
}

// SplitMix64.
class Random {
   public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        return z ^ z >> 31;
    }
    size_t below(size_t limit) { return static_cast<size_t>(next() % limit); }

   private:
    uint64_t state_;
};

// The bytes as reads would bring them, in pieces of 1 to `longest` bytes.
inline std::vector<std::string> cut(std::string_view bytes, size_t longest, Random* random) {
    std::vector<std::string> pieces;
    while (!bytes.empty()) {
        const size_t size = std::min(1 + random->below(longest), bytes.size());
        pieces.emplace_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return pieces;
}

inline std::string_view as_text(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gatewayd::fuzz

#endif
