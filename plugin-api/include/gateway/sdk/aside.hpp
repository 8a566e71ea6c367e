// Aside: a request that an SDK function has put aside and that goes on by a function instead of OnResume.
// What Next::defer gets as ud says which of both it is: an Aside is marked in its lowest bit. [conn]
#ifndef GATEWAY_SDK_ASIDE_HPP
#define GATEWAY_SDK_ASIDE_HPP

#include <cstdint>

#include "gateway/sdk/request.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {
namespace detail {

class Aside {
   public:
    // Exactly one of these two is called, once; after it the request's side is done with this.
    virtual Verdict resumed(Request& request, Connection& connection, Next& next) = 0;
    virtual void cancelled() = 0;

    // As ud, and back; null: it is a plugin's own.
    static void* to_ud(Aside* aside) {
        return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(aside) | mark);
    }
    static Aside* from_ud(void* ud) {
        const auto bits = reinterpret_cast<uintptr_t>(ud);
        return (bits & mark) != 0 ? reinterpret_cast<Aside*>(bits & ~mark) : nullptr;
    }

   protected:
    Aside() = default;
    ~Aside() = default;
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    static constexpr uintptr_t mark = 1;
};

// Puts the request aside; `aside` is cancelled here when the hook does not return Pending.
inline gw_token put_aside(Next& next, uint32_t timeout_ms, Aside* aside) {
    return next.defer_with(timeout_ms, Aside::to_ud(aside),
                           [](void* ud) { Aside::from_ud(ud)->cancelled(); });
}

}  // namespace detail
}  // namespace GATEWAY_SDK_HIDDEN

#endif
