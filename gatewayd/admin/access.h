// Access: who may ask the admin listener anything. With keys: who shows one. Without: whoever reaches the
// loopback address, but no page in a browser: not from another origin, and not by a name that a hostile DNS
// server points at 127.0.0.1. Immutable: any thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_ACCESS_H
#define GATEWAYD_GATEWAYD_ADMIN_ACCESS_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gatewayd/admin/http.h"

namespace gatewayd::admin {

class Access {
   public:
    explicit Access(std::vector<std::string> api_keys) : api_keys_(std::move(api_keys)) {}

    bool needs_key() const { return !api_keys_.empty(); }

    // The refusal, or nothing. `open`: a path that needs no key.
    std::optional<Response> refusal(const RequestHead& head, bool open) const;

   private:
    bool has_key(std::string_view authorization) const;

    const std::vector<std::string> api_keys_;
};

// localhost, 127.0.0.0/8 and [::1], with any port or none.
bool is_loopback_host(std::string_view host);
// An Origin that is this very host: "http://127.0.0.1:8082" with the Host 127.0.0.1:8082.
bool is_own_origin(std::string_view origin, std::string_view host);
// Takes as long for any two texts of the same length.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace gatewayd::admin

#endif
