#include "tests/bench/load/options.h"

#include <cstdlib>
#include <cstring>
#include <iterator>

namespace load {
namespace {

constexpr const char* mode_names[] = {"echo", "user", "fanout", "connect", "idle", "ticket", "assign"};
constexpr const char* dialect_names[] = {"gateway", "raw"};

template <size_t count>
int index_of(const char* const (&names)[count], const char* name) {
    for (size_t i = 0; i < count; ++i) {
        if (std::strcmp(names[i], name) == 0) return static_cast<int>(i);
    }
    return -1;
}

// A whole decimal number in [min, max], or -1.
int64_t number(const char* text, int64_t min, int64_t max) {
    char* end = nullptr;
    const long long value = std::strtoll(text, &end, 10);
    return *text == '\0' || *end != '\0' || value < min || value > max ? -1 : value;
}

struct NumberOption {
    const char* name;
    uint32_t Options::*member;
    int64_t min;
    int64_t max;
};
constexpr NumberOption number_options[] = {
    {"--connections", &Options::connections, 1, 60000},
    {"--window", &Options::window, 1, 65536},
    {"--size", &Options::size_bytes, 16, 1 << 20},
    {"--warm-up-ms", &Options::warm_up_ms, 0, 600000},
    {"--measure-ms", &Options::measure_ms, 1, 600000},
    {"--stall-ms", &Options::stall_ms, 1, 600000},
    {"--deflate", &Options::deflate, 0, 1},
    {"--tls", &Options::tls, 0, 1},
    {"--group", &Options::group, 0, 1},
    {"--agents", &Options::agents, 1, 10000},
};

bool set_option(const char* name, const char* value, Options& options) {
    if (std::strcmp(name, "--dialect") == 0) {
        const int dialect = index_of(dialect_names, value);
        options.dialect = static_cast<Dialect>(dialect);
        return dialect >= 0;
    }
    if (std::strcmp(name, "--port") == 0) {
        const int64_t port = number(value, 1, 65535);
        options.port = static_cast<uint16_t>(port);
        return port > 0;
    }
    if (std::strcmp(name, "--pid") == 0) {
        const int64_t pid = number(value, 1, INT32_MAX);
        options.pid = static_cast<int>(pid);
        return pid > 0;
    }
    if (std::strcmp(name, "--token") == 0) {
        options.token = value;
        return true;
    }
    if (std::strcmp(name, "--secret") == 0) {
        options.secret = value;
        return true;
    }
    for (const NumberOption& option : number_options) {
        if (std::strcmp(name, option.name) != 0) continue;
        const int64_t parsed = number(value, option.min, option.max);
        options.*option.member = static_cast<uint32_t>(parsed);
        return parsed >= 0;
    }
    return false;
}

}  // namespace

const char* const usage =
    "gateway_load MODE --port PORT --pid PID [OPTION VALUE]...\n"
    "  echo     each connection sends text and waits for it; a gateway needs a plugin that echoes\n"
    "  user     connections in pairs, each sends to its partner (gateway dialect only)\n"
    "  fanout   one publisher, --connections subscribers\n"
    "  connect  connect, upgrade, close; --connections at a time\n"
    "  idle     opens --connections and reads the server's memory\n"
    "  ticket   --connections customers with a ticket each, --agents agents; messages both ways\n"
    "  assign   --connections customers open a ticket, get an agent, close it, again and again\n"
    "  --dialect raw|gateway  --connections N  --window N  --size BYTES\n"
    "  --deflate 0|1  --tls 0|1  --token TOKEN  --secret SECRET: a token for each client\n"
    "  --group 0|1: fanout, to a group that all join (gateway dialect only)\n"
    "  --warm-up-ms N  --measure-ms N  --stall-ms N\n"
    "Prints one JSON object. Exit status: 0 nothing went wrong, 1 something was lost or failed, 2 usage.\n";

std::string parse_options(int argc, char** argv, Options& options) {
    if (argc < 2) return "no mode given";
    const int mode = index_of(mode_names, argv[1]);
    if (mode < 0) return std::string("no mode '") + argv[1] + "'";
    options.mode = static_cast<Mode>(mode);
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc) return std::string(argv[i]) + " needs a value";
        if (!set_option(argv[i], argv[i + 1], options)) {
            return std::string("cannot use '") + argv[i] + " " + argv[i + 1] + "'";
        }
    }
    if (options.port == 0 || options.pid == 0) return "--port and --pid are needed";
    if (options.mode == Mode::user) {
        if (options.dialect == Dialect::raw) return "only a gateway knows users";
        if (options.connections % 2 != 0) return "pairs need an even number of connections";
    }
    if (options.group != 0 && (options.dialect == Dialect::raw || options.mode != Mode::fanout))
        return "--group is for fanout to a gateway";
    const bool has_tickets = options.mode == Mode::ticket || options.mode == Mode::assign;
    if (has_tickets != (options.agents != 0) || (has_tickets && options.dialect == Dialect::raw))
        return "ticket and assign need --agents, and a gateway";
    return {};
}

const char* name_of(Mode mode) {
    return mode_names[static_cast<size_t>(mode)];
}
const char* name_of(Dialect dialect) {
    return dialect_names[static_cast<size_t>(dialect)];
}

}  // namespace load
