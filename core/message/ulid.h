// ULIDs (26 characters, Crockford base 32: 48 bits of milliseconds, 80 bits of randomness): message ids, and
// client ids that the gateway makes. Within one maker they only ever grow. Owned by one thread.
#ifndef GATEWAYD_CORE_MESSAGE_ULID_H
#define GATEWAYD_CORE_MESSAGE_ULID_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatewayd {

class UlidMaker {
   public:
    UlidMaker();  // seeded from the operating system
    // A view into this maker, until the next call. A clock that steps back does not break the order. Within
    // one millisecond ids grow by random steps: one does not give the next away to a client that sees it.
    std::string_view next(int64_t wall_ms);

   private:
    int64_t last_ms_ = -1;
    uint64_t random_high_ = 0;  // 16 bits used
    uint64_t random_low_ = 0;
    uint64_t state_[4];
    std::array<char, 26> text_{};
};

// RFC 3339 in UTC with milliseconds, "2026-11-25T22:49:51.123Z"; formats once a millisecond.
class Rfc3339Clock {
   public:
    std::string_view format(int64_t wall_ms);

   private:
    int64_t formatted_ms_ = -1;
    int64_t formatted_second_ = -1;
    std::array<char, 24> text_{};
};

}  // namespace gatewayd

#endif
