// When to try again. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_BACKOFF_H
#define GATEWAYD_PLUGINS_WEBHOOK_BACKOFF_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace webhook {

// A back end that asks for more than this waits no longer than this.
inline constexpr uint64_t max_retry_after_ms = 3600000;

// After so many attempts (from 1): min_ms, doubled with each, max_ms at most; of that between a half and all,
// as `chance` from 0 to 1 says, so that many gateways do not come back together.
uint64_t backoff_ms(uint32_t attempts, uint64_t min_ms, uint64_t max_ms, double chance);

// The header Retry-After: seconds, or a date as HTTP writes it, of which now_s is taken. Nothing: neither.
std::optional<uint64_t> retry_after_ms(std::string_view value, int64_t now_s);

}  // namespace webhook

#endif
