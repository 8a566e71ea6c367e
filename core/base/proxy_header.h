// How a proxy says who its client is: wsc.proxy_header.
#ifndef GATEWAYD_CORE_BASE_PROXY_HEADER_H
#define GATEWAYD_CORE_BASE_PROXY_HEADER_H

#include <cstdint>

namespace gatewayd {

enum class ProxyHeader : uint8_t { x_forwarded_for, forwarded, proxy_protocol };

}  // namespace gatewayd

#endif
