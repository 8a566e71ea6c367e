#include "gatewayd/plugin/probe.h"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "core/harness/engine.h"

namespace gatewayd {
namespace {

using harness::Engine;
using harness::FlightPtr;
using harness::PeerPtr;

// How long a request that was put aside is waited for before the clock is moved to its deadline.
constexpr int resume_wait_ms = 2000;
constexpr uint64_t past_every_deadline_ms = 31000;

constexpr const char* message = R"({"type":"text","to":"u2","content":"hello"})";

class Probe {
   public:
    explicit Probe(const ProbeWatcher& watcher) : watcher_(watcher) {}

    bool run(const PluginSettings& entry, bool starts) {
        if (!step("load", [&] {
                engine_ = std::make_unique<Engine>(entry.path);
                engine_->watch_hooks = [this](const std::string&, bool) {
                    const harness::HookCall* running = harness::HookCall::running();
                    watcher_.hook_begins(running ? running->name : std::string());
                };
                const PluginNote& note = engine_->note();
                return good(note.id + " " + note.version + ", for ABI " + std::to_string(note.abi_major) +
                            "." + std::to_string(note.abi_minor));
            }))
            return false;
        engine_->fails_open = entry.on_error == OnError::open;
        if (!step("create", [&] { return refused_is_bad(engine_->create(entry.config)); })) return false;
        if (starts && step("start", [&] { return refused_is_bad(engine_->start()); })) requests();
        step("end", [&] { return engine_->end(), good(""); });
        return !failed_;
    }

   private:
    using Outcome = std::pair<bool, std::string>;  // bad, what

    static Outcome good(std::string what) { return {false, std::move(what)}; }
    static Outcome refused_is_bad(const std::string& why) { return {!why.empty(), why}; }

    template <typename Step>
    bool step(const char* name, Step&& run) {
        watcher_.begins(name);
        Outcome outcome;
        try {
            outcome = run();
        } catch (const std::exception& error) {
            outcome = {true, error.what()};
        }
        const std::vector<std::string> problems =
            engine_ ? engine_->unknown_problems() : std::vector<std::string>();
        outcome.first = outcome.first || !problems.empty();
        watcher_.ends(outcome.first, outcome.second);
        if (engine_) {
            const std::vector<std::string> log = engine_->log();
            for (; said_ < log.size(); ++said_)
                watcher_.says("log " + log[said_]);
            static_cast<void>(engine_->problems());
        }
        for (const std::string& problem : problems)
            watcher_.says("problem: " + problem);
        failed_ = failed_ || outcome.first;
        return !outcome.first;
    }

    Outcome outcome_of(const FlightPtr& flight) {
        if (flight->outcome == "pending") {
            const bool resumed =
                engine_->wait_for([&] { return flight->outcome != "pending"; }, resume_wait_ms);
            if (!resumed) {
                engine_->advance_ms(past_every_deadline_ms);
                return {false, "put aside and not resumed within 2 s: cancelled at its deadline"};
            }
        }
        std::string what = flight->seen ? flight->outcome : "not seen";
        if (flight->rejection.status != 0)
            what += " (" + flight->rejection.word + ": " + flight->rejection.why + ")";
        return {flight->outcome == "failed", what};
    }

    void requests() {
        const uint32_t kinds = engine_->kinds();
        if (kinds & GW_KIND_HANDSHAKE) {
            step("handshake", [&] {
                gateway::harness::Handshake http;
                http.query = {{"client_id", "c0"}, {"user_id", "u0"}};
                http.headers = {{"Host", "localhost:8081"}, {"User-Agent", "gatewayd plugin check"}};
                return outcome_of(engine_->handshake(http));
            });
        }
        if (kinds == 0 && engine_->events() == 0) return;
        PeerPtr peer;
        const bool connected = step("connect", [&] {
            peer = engine_->connect({});
            return peer->open
                       ? good(peer->attached ? "attached" : "it wants nothing of the connection")
                       : Outcome{false, "it closed the connection: " + std::to_string(peer->closing.code)};
        });
        if (!connected || !peer || !peer->open) return;
        const auto send = [&](uint32_t kind, const char* name, const char* text, bool binary) {
            if (!(kinds & kind) || !peer->open) return;
            step(name, [&] { return outcome_of(engine_->send(kind, peer, text, binary)); });
        };
        send(GW_KIND_FRAME, "frame", "a text frame", false);
        send(GW_KIND_FRAME, "binary", "\x01\xFE", true);
        send(GW_KIND_MESSAGE, "message", message, false);
        send(GW_KIND_DELIVERY, "delivery", message, false);
        if (kinds & GW_KIND_PUBLISH)
            step("publish", [&] { return outcome_of(engine_->publish(message, {GW_DEST_ALL, {}, false})); });
        if (peer->open)
            step("disconnect", [&] { return engine_->disconnect(peer, 1000, "client_close"), good(""); });
    }

    const ProbeWatcher& watcher_;
    std::unique_ptr<Engine> engine_;
    size_t said_ = 0;  // lines of the log
    bool failed_ = false;
};

}  // namespace

bool probe_plugin(const PluginSettings& entry, bool starts, const ProbeWatcher& watcher) {
    return Probe(watcher).run(entry, starts);
}

}  // namespace gatewayd
