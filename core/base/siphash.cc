#include "core/base/siphash.h"

#include <sys/random.h>

#include <cstring>
#include <random>

namespace gatewayd {
namespace {

struct Key {
    uint64_t k0 = 0;
    uint64_t k1 = 0;
    Key() {
        if (::getrandom(this, sizeof *this, 0) != static_cast<ssize_t>(sizeof *this)) {
            std::random_device device;
            k0 = static_cast<uint64_t>(device()) << 32 | device();
            k1 = static_cast<uint64_t>(device()) << 32 | device();
        }
    }
};

uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

struct State {
    uint64_t v0, v1, v2, v3;
    void round() {
        v0 += v1;
        v1 = rotate(v1, 13) ^ v0;
        v0 = rotate(v0, 32);
        v2 += v3;
        v3 = rotate(v3, 16) ^ v2;
        v0 += v3;
        v3 = rotate(v3, 21) ^ v0;
        v2 += v1;
        v1 = rotate(v1, 17) ^ v2;
        v2 = rotate(v2, 32);
    }
};

uint64_t hash(std::string_view text, uint64_t k0, uint64_t k1) {
    State s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
            k1 ^ 0x7465646279746573};
    const char* p = text.data();
    size_t left = text.size();
    uint64_t word;
    for (; left >= 8; left -= 8, p += 8) {
        std::memcpy(&word, p, 8);
        s.v3 ^= word;
        s.round();
        s.v0 ^= word;
    }
    word = 0;
    if (left > 0) std::memcpy(&word, p, left);
    word |= static_cast<uint64_t>(text.size()) << 56;
    s.v3 ^= word;
    s.round();
    s.v0 ^= word;
    s.v2 ^= 0xFF;
    s.round();
    s.round();
    s.round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace

uint64_t siphash(std::string_view text) {
    static const Key key;
    return hash(text, key.k0, key.k1);
}

uint64_t fixed_siphash(std::string_view text) {
    return hash(text, 0, 0);
}

}  // namespace gatewayd
