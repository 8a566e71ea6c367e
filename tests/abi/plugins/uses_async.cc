// Timers and works, told by the content of a message ("slow 20" takes a number) or the query `do` of a
// handshake. What it does goes to the log, and what it keeps is counted: when the plugin is destroyed, "kept
// 0" says that each was freed.
//   hash       put aside, works off the reactor, goes on with what came out    throws    its work throws
//   burst N    N works for this connection, told in the log as they come back  block     a work until "go"
//   after N    a timer on this connection, once, answers                       every N   again and again
//   kick-in N  a timer on this connection closes it
// Everything else passes. The plugin has a timer of its own on the control thread, too.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>

#include "gateway/plugin.hpp"

namespace {

using std::chrono::milliseconds;

std::atomic<int> kept{0};
// Lives as long as something that was captured.
class Kept {
   public:
    Kept() { ++kept; }
    Kept(const Kept&) { ++kept; }
    Kept(Kept&&) noexcept { ++kept; }
    ~Kept() { --kept; }
    Kept& operator=(const Kept&) = default;
    Kept& operator=(Kept&&) = default;
};

// As a password hash would: the same result for the same text, and a while to get there.
uint64_t slow_hash(const std::string& text) {
    uint64_t hash = 14695981039346656037ULL;
    for (int round = 0; round < 20000; ++round) {
        for (const char byte : text)
            hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
    }
    return hash;
}

class UsesAsync : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_DISCONNECTED;

    ~UsesAsync() override { host().info("kept " + std::to_string(kept.load())); }

    void Start() override {
        gateway::every(host(), milliseconds(20), [this, own = Kept()] {
            if (++ticks_ == 3) host().info("three ticks");
        });
        gateway::run(
            host(), [own = Kept()] { return 6 * 7; },
            [this, own = Kept()](int answer) { host().info("worked " + std::to_string(answer)); });
        // Never comes: it ends with the plugin.
        gateway::after(host(), std::chrono::hours(1), [own = Kept()] {});
        const gw_token token = gateway::after(host(), std::chrono::hours(1), [own = Kept()] {});
        if (!gateway::cancel_timer(host(), token) || gateway::cancel_timer(host(), token))
            throw std::runtime_error("cancel");
    }
    void Quiesce() override { go(); }

    bool Attach(gateway::Connection& connection) override {
        const std::string name(connection.client().client_id);
        gateway::every(host(), connection.id(), milliseconds(100),
                       [name, own = Kept()](gateway::Connection& c) {
                           if (c.client().client_id != name) c.close(1011, "another connection");
                       });
        return true;
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        const std::string what(
            (request.is_handshake() ? request.query("do") : request.field("content")).value_or(""));
        const size_t space = what.find(' ');
        const std::string word = what.substr(0, space);
        const int number = space == std::string::npos ? 0 : std::atoi(what.c_str() + space);
        if (word == "hash") return hash(what, next);
        if (word == "throws") {
            return gateway::run(
                next, milliseconds(0),
                [own = Kept()]() -> int { throw std::runtime_error("the work is sick"); },
                [](int, gateway::Request&, gateway::Connection&, gateway::Next&) {
                    return gateway::Continue;
                });
        }
        if (word == "block") return block(next);
        if (word == "go") return go(), gateway::Done;
        if (word == "burst") return burst(number, connection), gateway::Done;
        const auto answers = [own = Kept(), what](gateway::Connection& c) {
            c.send(R"({"type":"text","content":"expired )" + what + "\"}");
        };
        if (word == "after") {
            gateway::after(host(), connection.id(), milliseconds(number), answers);
            return gateway::Done;
        }
        if (word == "every") {
            gateway::every(host(), connection.id(), milliseconds(number), answers);
            return gateway::Done;
        }
        if (word == "kick-in") {
            gateway::after(host(), connection.id(), milliseconds(number),
                           [own = Kept()](gateway::Connection& c) { c.close(4000, "time is over"); });
            return gateway::Done;
        }
        return gateway::Continue;
    }
    void OnEvent(const gateway::Event&, gateway::Connection&) override {}

   private:
    static gateway::Verdict hash(const std::string& what, gateway::Next& next) {
        return gateway::run(
            next, milliseconds(0), [what, own = Kept()] { return std::to_string(slow_hash(what)); },
            [what, own = Kept()](const std::string& result, gateway::Request& request, gateway::Connection&,
                                 gateway::Next&) {
                if (result != std::to_string(slow_hash(what))) return gateway::Drop;
                if (request.is_handshake()) request.set_response_header("X-Hash", result);
                if (request.is_message()) request.set_field("hash", result);
                return gateway::Continue;
            });
    }
    gateway::Verdict block(gateway::Next& next) {
        host().info("blocks");
        return gateway::run(
            next, milliseconds(0),
            [this, own = Kept()] {
                host().info("begun");
                std::unique_lock<std::mutex> lock(mutex_);
                went_.wait(lock, [this] { return goes_; });
            },
            [own = Kept()](gateway::Request&, gateway::Connection&, gateway::Next&) {
                return gateway::Continue;
            });
    }
    void go() {
        const std::lock_guard<std::mutex> lock(mutex_);
        goes_ = true;
        went_.notify_all();
    }
    void burst(int count, gateway::Connection& connection) {
        for (int i = 0; i < count; ++i) {
            gateway::run(
                host(), connection.id(), [i, own = Kept()] { return slow_hash(std::to_string(i)); },
                [i, own = Kept()](uint64_t result, gateway::Connection& c) {
                    if (result != slow_hash(std::to_string(i))) c.close(1011, "wrong");
                    c.send(R"({"type":"text","content":"burst )" + std::to_string(i) + "\"}");
                });
        }
    }

    int ticks_ = 0;  // the control thread's
    std::mutex mutex_;
    std::condition_variable went_;
    bool goes_ = false;
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesAsync, "uses_async", "1.0.0", "handshake,message,events",
                    "needs=gw.timer/1,gw.work/1\n")
