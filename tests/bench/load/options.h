// What one run of the load generator does: the command line, parsed and checked. Plain data.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_OPTIONS_H
#define GATEWAYD_TESTS_BENCH_LOAD_OPTIONS_H

#include <cstdint>
#include <string>

namespace load {

enum class Mode : uint8_t { echo, user, fanout, connect, idle, ticket, assign };

// gateway: Hub messages in JSON, identity in the query, a `connected` frame first. raw: the server gives
// back, or publishes, whatever text it gets; the path says which.
enum class Dialect : uint8_t { gateway, raw };

struct Options {
    Mode mode = Mode::echo;
    Dialect dialect = Dialect::raw;
    uint16_t port = 0;
    int pid = 0;                 // the server, whose CPU time and memory are read
    uint32_t connections = 100;  // echo, user: all; fanout: subscribers; connect: at a time; idle: at the end
    uint32_t window = 1;         // messages that a sender may have under way
    uint32_t size_bytes = 64;    // of the whole text that a client sends, in both dialects
    uint32_t deflate = 0;        // 1: permessage-deflate without context takeover, for every message
    uint32_t tls = 0;            // 1: TLS, a whole handshake for each connection
    uint32_t group = 0;          // 1: fanout: all clients join a group, and its messages go there
    uint32_t agents = 0;         // ticket, assign: besides the customers, who are --connections
    std::string token;           // Authorization: Bearer; empty: none
    std::string secret;          // each client brings a token of its own, signed with it; empty: none does
    uint32_t warm_up_ms = 1000;
    uint32_t measure_ms = 2000;
    uint32_t stall_ms = 5000;  // without any progress for so long, the run ends and what is missing is lost
};

extern const char* const usage;

// Returns an empty string, or what is wrong with the command line.
std::string parse_options(int argc, char** argv, Options& options);

const char* name_of(Mode mode);
const char* name_of(Dialect dialect);

}  // namespace load

#endif
