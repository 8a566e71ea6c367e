// Context: a connection as plugins see it (gw_ctx of the ABI). Its session's; the reactor's thread.
#ifndef GATEWAYD_CORE_CHAIN_CONTEXT_H
#define GATEWAYD_CORE_CHAIN_CONTEXT_H

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/chain/attributes.h"
#include "core/chain/permissions.h"
#include "gateway/host.h"

namespace gatewayd {

class InterceptorChain;
class TraceTap;
struct TapDeleter {
    void operator()(TraceTap* tap) const;
};

class Context {
   public:
    virtual ~Context() = default;

    virtual gw_conn_id conn_id() const = 0;
    // False in a handshake: nobody is identified yet.
    virtual bool client(gw_client* out) const = 0;
    // False once the connection is closing: hooks end then.
    virtual bool is_open() const = 0;
    // Queue a Hub message; close after the hooks. GW_ codes.
    virtual int32_t send(std::string_view message) = 0;
    virtual int32_t close(uint16_t code, std::string_view reason) = 0;
    // The chain that it is in; null: none.
    virtual const InterceptorChain* current_chain() const { return nullptr; }

    Attributes attributes;
    std::unique_ptr<TraceTap, TapDeleter> tap;  // null: nobody traces this client
    Grants grants;

   private:
    friend class InterceptorChain;
    struct Slot {
        void* value = nullptr;
        uint32_t kinds = 0;
        bool attached = false;
    };
    // By the interceptor's place in the chain; null when no plugin of the chain attaches.
    std::unique_ptr<Slot[]> slots_;
};

inline gw_ctx* to_abi(Context* context) {
    return reinterpret_cast<gw_ctx*>(context);
}
inline Context* from_abi(gw_ctx* context) {
    return reinterpret_cast<Context*>(context);
}

inline gw_str to_abi(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view from_abi(gw_str text) {
    return text.len ? std::string_view(text.ptr, text.len) : std::string_view();
}

}  // namespace gatewayd

#endif
