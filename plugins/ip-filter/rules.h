// Rules: who may connect: the networks of the YAML and of its files. Made in Configure and again by a reload,
// constant afterwards: any thread.
#ifndef GATEWAYD_PLUGINS_IP_FILTER_RULES_H
#define GATEWAYD_PLUGINS_IP_FILTER_RULES_H

#include <string>
#include <vector>

#include "gateway/plugin.hpp"
#include "network_set.h"

namespace ip_filter {

constexpr size_t max_networks = 1'000'000;      // of one list
constexpr size_t max_file_bytes = 64UL << 20U;  // of one file

// What the YAML says; the files are read by Rules::read.
struct Sources {
    std::vector<address::Network> allow;
    std::vector<address::Network> deny;
    std::string allow_file;  // absolute; empty: none
    std::string deny_file;

    // Throws what is wrong, with its place.
    static Sources read(const gateway::Config& config);
};

struct Rules {
    NetworkSet allow;
    NetworkSet deny;
    bool only_allowed = false;  // there is a list of those who may

    // Reads the files. Throws gateway::Error, with file and line.
    static Rules read(const Sources& sources);
    bool may(const address::Address& one) const {
        return !deny.contains(one) && (!only_allowed || allow.contains(one));
    }
};

}  // namespace ip_filter

#endif
