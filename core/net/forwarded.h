// Who a request comes from when it came through proxies: the headers X-Forwarded-For and Forwarded (RFC
// 7239).
//
// Each proxy adds whom it got the request from at the right end, so the list is read from the right: what a
// trusted proxy added is believed, what stands left of the first address that is not trusted may be the
// client's own invention. Pure functions: any thread.
#ifndef GATEWAYD_CORE_NET_FORWARDED_H
#define GATEWAYD_CORE_NET_FORWARDED_H

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/base/address.h"
#include "core/base/cidr.h"

namespace gatewayd {

// More proxies in a row are not followed.
inline constexpr size_t max_forwarded_hops = 64;

struct ForwardedClient {
    // The first address from the right that is not trusted; if all are, the leftmost.
    PeerAddress address;
    // The walk stopped before that, at an entry that names no address: `address` is the proxy that wrote it.
    bool unclear = false;
};

// `value` is the whole header, lines joined by commas; `peer` is the trusted proxy that sent it.
ForwardedClient client_of_x_forwarded_for(std::string_view value, const PeerAddress& peer,
                                          const CidrList& trusted);
ForwardedClient client_of_forwarded(std::string_view value, const PeerAddress& peer, const CidrList& trusted);

// "192.0.2.1", "192.0.2.1:52110", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:52110"; a port may be hidden
// ("192.0.2.1:_p", RFC 7239 section 6.2). Nothing: "unknown", "_hidden" and whatever is no address.
std::optional<PeerAddress> parse_forwarded_node(std::string_view text);

}  // namespace gatewayd

#endif
