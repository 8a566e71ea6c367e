// SipHash-1-3 with a key of this process: for tables whose keys the network chooses, so that nobody can make
// keys that collide. (Aumasson and Bernstein, "SipHash: a fast short-input PRF", with the reduced rounds that
// hash tables use.) Any thread.
#ifndef GATEWAYD_CORE_BASE_SIPHASH_H
#define GATEWAYD_CORE_BASE_SIPHASH_H

#include <cstdint>
#include <string_view>

namespace gatewayd {

uint64_t siphash(std::string_view text);
// With a key that is always the same: for what must be known again after a restart, and comes from no
// network.
uint64_t fixed_siphash(std::string_view text);

}  // namespace gatewayd

#endif
