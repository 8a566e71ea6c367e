// What `gatewayd token` is asked for. Start-up only.
#ifndef GATEWAYD_GATEWAYD_TOKEN_OPTIONS_H
#define GATEWAYD_GATEWAYD_TOKEN_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace gatewayd {

struct TokenOptions {
    // What signs; empty: not given. One of them, or the configuration's.
    std::string secret;    // of HS256
    std::string key_file;  // PEM, private
    std::string key_id;    // `kid`; of a configuration: which of its keys
    // What it says; empty: nothing of it.
    std::string user_id;
    std::string user_type;
    std::string client_id;
    std::string name;
    std::vector<std::string> groups;
    std::vector<std::string> tickets;
    std::vector<std::string> claims;  // "NAME=VALUE": a JSON value, or else text
    std::string issuer;
    std::vector<std::string> audience;
    int64_t expires_in_s = 3600;  // below 0: it has expired; 0: it never does
};

}  // namespace gatewayd

#endif
