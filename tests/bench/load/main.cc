// gateway_load: one run against one server, one JSON object on standard output. docs/benchmarks.md says what
// is measured and why; tests/bench/run compares servers with it.
#include <cstdio>
#include <exception>
#include <string>

#include "tests/bench/load/modes.h"
#include "tests/bench/load/options.h"

namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        const bool printable = c >= ' ' && c <= '~';  // what servers send may be cut within a character
        out += printable ? c : '?';
    }
    return out + '"';
}

double per(double amount, double of) {
    return of > 0 ? amount / of : 0;
}

void print_memory(const load::Options& options, const load::Report& report) {
    const auto bytes = [&](int64_t grown_kb, uint32_t connections_before) {
        return per(static_cast<double>(grown_kb) * 1024, options.connections - connections_before);
    };
    const load::Memory& start = report.memory_at_start;
    const load::Memory& few = report.memory_with_few;
    const load::Memory& end = report.memory_at_end;
    std::printf("\"rss_at_start_kb\":%lld,\"rss_at_end_kb\":%lld,", static_cast<long long>(start.rss_kb),
                static_cast<long long>(end.rss_kb));
    std::printf("\"rss_bytes_per_connection\":%.1f,\"anonymous_bytes_per_connection\":%.1f,",
                bytes(end.rss_kb - start.rss_kb, 0), bytes(end.anonymous_kb - start.anonymous_kb, 0));
    std::printf("\"rss_bytes_per_further_connection\":%.1f,",
                bytes(end.rss_kb - few.rss_kb, report.few_connections));
}

void print(const load::Options& options, const load::Outcome& outcome) {
    const load::Report& report = outcome.report;
    std::printf("{\"mode\":\"%s\",\"dialect\":\"%s\",\"connections\":%u,\"window\":%u,\"size_bytes\":%u,",
                name_of(options.mode), name_of(options.dialect), options.connections, options.window,
                options.size_bytes);
    std::printf("\"messages\":%llu,\"seconds\":%.6f,\"server_cpu_s\":%.6f,\"client_cpu_s\":%.6f,",
                static_cast<unsigned long long>(report.messages), report.seconds, report.server_cpu_s,
                report.client_cpu_s);
    std::printf("\"per_server_cpu_s\":%.1f,\"per_second\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,",
                per(static_cast<double>(report.messages), report.server_cpu_s),
                per(static_cast<double>(report.messages), report.seconds),
                static_cast<double>(report.latency.quantile_ns(0.5)) / 1e3,
                static_cast<double>(report.latency.quantile_ns(0.99)) / 1e3);
    if (report.memory_at_end.rss_kb != 0) print_memory(options, report);
    std::printf("\"open_connections\":%u,\"lost\":%llu,\"duplicate\":%llu,\"reordered\":%llu,",
                report.open_connections, static_cast<unsigned long long>(report.lost),
                static_cast<unsigned long long>(report.duplicate),
                static_cast<unsigned long long>(report.reordered));
    std::printf("\"errors\":%llu,\"first_error\":%s}\n", static_cast<unsigned long long>(outcome.errors),
                quoted(outcome.first_error).c_str());
}

load::Outcome run(const load::Options& options) {
    switch (options.mode) {
        case load::Mode::fanout:
            return run_fanout(options);
        case load::Mode::connect:
            return run_connect(options);
        case load::Mode::idle:
            return run_idle(options);
        case load::Mode::ticket:
            return run_ticket(options);
        case load::Mode::assign:
            return run_assign(options);
        default:
            return run_exchange(options);
    }
}

}  // namespace

int main(int argc, char** argv) {
    load::Options options;
    const std::string error = parse_options(argc, argv, options);
    if (!error.empty()) {
        std::fprintf(stderr, "gateway_load: %s\n%s", error.c_str(), load::usage);
        return 2;
    }
    try {
        const load::Outcome outcome = run(options);
        print(options, outcome);
        const load::Report& report = outcome.report;
        return outcome.errors + report.lost + report.duplicate + report.reordered == 0 ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gateway_load: %s\n", e.what());
        return 2;
    }
}
