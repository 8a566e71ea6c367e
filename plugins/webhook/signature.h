// What lets the back end see that a body is the gateway's, and new: HMAC-SHA256 of the time and the body, by
// each secret, so that one can be changed while both sides run. Pure function: any thread.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_SIGNATURE_H
#define GATEWAYD_PLUGINS_WEBHOOK_SIGNATURE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace webhook {

inline constexpr const char* signature_header = "X-Gateway-Signature";

// "t=1764158000,v1=<hex>,v1=<hex>": a v1 for each secret, in their order, of "<t>.<body>". t: seconds since
// 1970, UTC.
std::string sign(const std::vector<std::string>& secrets, int64_t t, std::string_view body);

}  // namespace webhook

#endif
