// The runs that are about connections, not messages: connect and idle.
#include <algorithm>
#include <vector>

#include "tests/bench/load/session.h"

namespace load {
namespace {

// Each slot connects, upgrades, waits for `connected` in the gateway dialect, closes with 1000, waits for the
// server's close frame and the end of the stream, and starts anew with another identity.
class Connect : public Session {
   public:
    explicit Connect(const Options& options)
        : Session(options, options.connections), began_at_ns_(options.connections) {}

    Outcome run() {
        const auto count = [this] { return closed_; };
        for (uint32_t i = 0; i < options_.connections; ++i)
            open_next(i);
        meter_.measure(count, report_);
        stopping_ = true;
        drain([this] { return closed_ == opened_; }, count);
        report_.lost = opened_ - closed_;
        return outcome();
    }

    void on_ready(uint32_t client) override {
        if (meter_.measuring()) report_.latency.add(loop_.now_ns() - began_at_ns_[client]);
        loop_.close(client);
    }

    void on_closed(uint32_t client) override {
        ++closed_;
        if (!stopping_) open_next(client);
    }

   private:
    void open_next(uint32_t client) {
        began_at_ns_[client] = loop_.now_ns();
        constexpr bool spread = true;
        loop_.open(client, path(opened_++, "/echo"), spread);
    }

    std::vector<uint64_t> began_at_ns_;
    uint64_t opened_ = 0;
    uint64_t closed_ = 0;
    bool stopping_ = false;
};

// Memory before the first connection, with a few and with all of them. From the start is what a server needs
// for its connections; from the few on, that without what it allocates once and the code that it uses for the
// first time.
class Idle : public Session {
   public:
    explicit Idle(const Options& options) : Session(options, options.connections) {}

    Outcome run() {
        constexpr uint32_t few = 100;
        const uint32_t first = std::min(few, options_.connections / 2);
        report_.memory_at_start = meter_.settled_memory();
        if (open_clients(0, first, "/echo")) {
            report_.memory_with_few = meter_.settled_memory();
            report_.few_connections = first;
            if (open_clients(first, options_.connections, "/echo"))
                report_.memory_at_end = meter_.settled_memory();
        }
        report_.lost = options_.connections - loop_.ready_count();
        return outcome();
    }
};

}  // namespace

Outcome run_connect(const Options& options) {
    return Connect(options).run();
}
Outcome run_idle(const Options& options) {
    return Idle(options).run();
}

}  // namespace load
