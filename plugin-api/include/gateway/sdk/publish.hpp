// publish() with the whole answer (gateway/ext/publish.h):
//
//     gateway::publish(host(), gateway::Destination::topic("news"), message,
//                      [](const gateway::Publication& sent) { ... sent.msg_id ... sent.delivered ... });
//
// [any] From Start on. The function runs once, on any thread, and must not wait there; what it throws is
// logged.
#ifndef GATEWAY_SDK_PUBLISH_HPP
#define GATEWAY_SDK_PUBLISH_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/ext/publish.h"
#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// What became of a message; its texts die with the function that gets it.
struct Publication {
    bool sent = false;
    uint64_t delivered = 0;  // connections whose queue took it
    std::string_view msg_id;
    std::string_view code;     // not sent: "forbidden", as in error frames
    std::string_view message;  // not sent: why, in words
};

namespace detail {

inline const gw_publish_v1& publish_of(const Host& host) {
    const void* table = host.raw()->extension(host.inst(), to_gw(GW_EXT_PUBLISH));
    if (table == nullptr) throw Error("this gatewayd does not offer " GW_EXT_PUBLISH, GW_E_STATE);
    return *static_cast<const gw_publish_v1*>(table);
}

template <typename Then>
struct Publishing {
    Then then;
    Host host;
    static void call(void* ud, const gw_published* raw) {
        const std::unique_ptr<Publishing> self(static_cast<Publishing*>(ud));
        guarded(self->host.raw(), self->host.inst(), "done of a publish", [&] {
            self->then(Publication{raw->status == GW_OK, raw->delivered, to_view(raw->msg_id),
                                   to_view(raw->code), to_view(raw->message)});
            return GW_OK;
        });
    }
};

}  // namespace detail

// Throws Error when the message is none (GW_E_ARG) or the queues are full (GW_E_LIMIT); then `then` is not
// called.
template <typename Then>
void publish(const Host& host, const Destination& to, std::string_view message, Then then) {
    using Call = detail::Publishing<Then>;
    auto call = std::make_unique<Call>(Call{std::move(then), host});
    const gw_destination raw = to.raw();
    gw_error error{};
    error.struct_size = static_cast<uint32_t>(sizeof(error));
    const int32_t code =
        detail::publish_of(host).publish(host.inst(), &raw, to_gw(message), Call::call, call.get(), &error);
    if (code != GW_OK) throw Error(error.message[0] != '\0' ? error.message : error_name(code), code);
    static_cast<void>(call.release());  // call() frees it
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
