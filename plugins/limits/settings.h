// What the YAML says of limits (README.md), checked. Made in Configure, constant afterwards: any thread.
#ifndef GATEWAYD_PLUGINS_LIMITS_SETTINGS_H
#define GATEWAYD_PLUGINS_LIMITS_SETTINGS_H

#include <cstdint>
#include <string>
#include <vector>

#include "../common/address.h"
#include "admission.h"
#include "bucket.h"
#include "gateway/plugin.hpp"

namespace limits {

// Of one connection, all connections of a user, or all of an address.
struct Rates {
    Rate messages;
    Rate bytes;
    Rate handshakes;  // not of a connection
};

struct Settings {
    Rates connection;
    Rates user;
    Rates address;
    Admission::Terms admission;
    Rate abuse;              // refusals that an address may collect; beyond it is banned
    int64_t ban_ms = 0;      // 0: nobody is banned
    size_t max_tracked = 0;  // addresses, and users
    std::vector<address::Network> exempt_addresses;
    std::vector<std::string> exempt_user_types;

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config);
    bool is_exempt(const address::Address& address) const;
};

}  // namespace limits

#endif
