// What the modes share: the loop, the meter, opening connections a few at a time, and the end of a run.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_SESSION_H
#define GATEWAYD_TESTS_BENCH_LOAD_SESSION_H

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/bench/load/meter.h"
#include "tests/bench/load/modes.h"
#include "tests/bench/load/token.h"

namespace load {

class Session : public Handler {
   public:
    void on_ready(uint32_t) override {}
    void on_text(uint32_t, std::string_view text) override {
        loop_.fail("unexpected text: " + std::string(text.substr(0, 200)));
    }
    void on_closed(uint32_t) override {}

   protected:
    Session(const Options& options, uint32_t clients)
        : options_(options), loop_(options, *this, clients), meter_(options, loop_) {}

    // `number` is the client's identity for a gateway; a raw server tells roles apart by the path.
    std::string path(uint64_t number, const char* raw_path) const {
        if (options_.dialect == Dialect::raw) return raw_path;
        const std::string id = std::to_string(number);
        const bool is_customer = options_.agents != 0 && number < options_.connections;
        const char* const type = is_customer ? "customer" : "agent";
        if (!options_.secret.empty())
            return "/ws?client_id=c" + id + "&token=" + make_token("u" + id, type, options_.secret);
        return "/ws?user_id=u" + id + "&user_type=" + type + "&client_id=c" + id +
               (options_.group != 0 ? "&group_id=bench" : "");
    }

    // Opens the clients from `first` to `last` - 1, and waits until all are ready.
    bool open_clients(uint32_t first, uint32_t last, const char* raw_path) {
        constexpr uint32_t under_way_max = 64;
        const uint32_t ready_before = loop_.ready_count();
        uint32_t next = first;
        const auto done = [&] {
            const uint32_t ready = loop_.ready_count() - ready_before;
            for (; next < last && next - first - ready < under_way_max; ++next)
                loop_.open(next, path(next, raw_path));
            return ready == last - first;
        };
        return meter_.turn_until(
            done, [&] { return loop_.ready_count(); }, "connecting");
    }

    // Waits for what is still under way, and then a little longer, for what should not come.
    void drain(const std::function<bool()>& done, const Meter::Count& progress) {
        constexpr uint64_t longer_ns = 50000000;
        if (!meter_.turn_until(done, progress, "waiting for the last messages")) return;
        const uint64_t end_ns = monotonic_ns() + longer_ns;
        meter_.turn_until([&] { return monotonic_ns() > end_ns; }, monotonic_ns, "");
    }

    Outcome outcome() {
        report_.open_connections = loop_.ready_count();
        return {std::move(report_), loop_.error_count(), loop_.first_error()};
    }

    const Options& options_;
    Loop loop_;
    Meter meter_;
    Report report_;
};

}  // namespace load

#endif
