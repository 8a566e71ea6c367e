// The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt, sections 2.1 and 2.2): what a proxy
// says of its client before the client's own bytes. A pure function: any thread.
#ifndef GATEWAYD_CORE_NET_PROXY_PROTOCOL_H
#define GATEWAYD_CORE_NET_PROXY_PROTOCOL_H

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/base/address.h"

namespace gatewayd {

// Longer headers of version 2 are refused: an address takes 52 bytes, the rest is extensions (TLVs).
inline constexpr size_t max_proxy_protocol_bytes = 4096;

struct ProxyProtocolHeader {
    size_t size = 0;                    // what follows is the client's
    std::optional<PeerAddress> client;  // nothing: the proxy speaks for itself (LOCAL), or does not say
};

enum class ProxyProtocolResult { need_more, header, error };

// `bytes` is all that came so far. Any first part of a header is need_more; what can no longer become one is
// an error as soon as that is certain, with *why (static).
ProxyProtocolResult parse_proxy_protocol(std::string_view bytes, ProxyProtocolHeader* out, const char** why);

// Do they begin as a PROXY header does? No HTTP request that we take begins so.
bool looks_like_proxy_protocol(std::string_view bytes);

}  // namespace gatewayd

#endif
