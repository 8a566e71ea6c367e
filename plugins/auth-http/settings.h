// Settings: the plugin's configuration, read and checked; README.md says what each key means. [control]
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_SETTINGS_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_SETTINGS_H

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/plugin.hpp"

namespace auth_http {

// What the back end is told beside the token and the forwarded headers.
struct Told {
    bool address = true;
    bool path = true;
    bool user_id = true;
    bool user_type = true;
    bool client_id = true;
};

struct Settings {
    std::string url;
    gateway::http::Headers headers;            // of every question
    std::vector<std::string> forward_headers;  // of the client's handshake
    Told told;
    bool needs_token = true;  // false: forwarded headers are enough
    bool needs_expiry = true;
    size_t max_token_bytes = 8192;
    uint32_t timeout_ms = 3000;
    int64_t cache_ttl_ms = 60000;     // 0: no answer is kept
    int64_t cache_denied_ttl_ms = 0;  // 0: no refusal is kept
    size_t cache_entries = 10000;
    size_t max_in_flight = 256;
    int64_t expiry_notice_s = 60;  // before a token expires its client is told; 0: never

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config, const gateway::Host& host);
};

}  // namespace auth_http

#endif
