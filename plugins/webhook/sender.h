// Sender: from the queue to the back end: makes batches, signs and sends them, one at a time and in order,
// each until it is taken or given up. [any] but for what says otherwise; no thread is held, but in stop().
//
// Who drives it: push(), the end of an attempt (on the gateway's HTTP thread), and a timer of the control
// thread; each goes through pump(). One lock, under which nothing is called out.
//
// At a reload the old generation sends nothing new from quiesce() on and hands what is left to the next one
// (save, load), which waits for that, so that the order stays; hold_timeout_ms bounds the wait.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_SENDER_H
#define GATEWAYD_PLUGINS_WEBHOOK_SENDER_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "batch.h"
#include "gateway/plugin.hpp"
#include "handover.h"
#include "meters.h"
#include "outage.h"
#include "queue.h"
#include "settings.h"

namespace webhook {

inline constexpr uint32_t hold_timeout_ms = 120000;

class Sender {
   public:
    Sender(const gateway::Host& host, const Settings& settings, Meters* meters);

    // One event's JSON. new_id(): what it is known by.
    void push(std::string json);
    std::string new_id() { return prefix_ + "-" + std::to_string(++last_id_); }
    // For the admin listener: what waits, since when, and why.
    std::string status() const;
    // Now, whatever the backoff says.
    void retry_now();

    // --- [control] the plugin's life ---
    void start();
    void quiesce();
    // Sends what is left, for flush_timeout at most; blocks.
    void stop();
    std::string save(gateway::StatePart part);
    void load(const gateway::State& state);

   private:
    // holding: for what the generation before hands over; handing_over: to the next one.
    enum class Phase : uint8_t { holding, running, flushing, handing_over, over };
    struct Attempt {
        uint64_t number;
        gateway::http::Request request;
    };

    void say_given_up(size_t count, bool too_large);
    void pump();
    // --- mutex_ is held ---
    std::optional<Attempt> next_attempt(uint64_t now_ns, uint64_t* wake_ns);
    bool is_due(uint64_t now_ns, uint64_t* wake_ns) const;
    Attempt make_attempt();
    size_t waiting() const;
    size_t waiting_bytes() const;
    void count_locked();
    uint64_t expires_ns() const;

    void send(const Attempt& attempt);
    void wake_at(uint64_t at_ns);
    void answered(uint64_t number, const gateway::http::Answer& answer, uint64_t began_ns);
    // What became of it, after the lock was let go.
    void delivered(const Batch& batch, size_t left);
    void given_up(const Batch& batch, Reason reason, const std::string& why);
    double chance();

    const gateway::Host host_;
    const Settings settings_;
    const std::string prefix_;  // of ids: of this generation alone
    Meters* const meters_;
    Outage outage_;
    std::atomic<uint64_t> last_id_{0};
    std::atomic<uint64_t> next_line_ns_{0};
    std::atomic<uint64_t> unsaid_{0};

    mutable std::mutex mutex_;
    std::condition_variable progress_;
    Phase phase_ = Phase::running;
    bool saved_whole_ = false;
    Queue queue_;
    std::optional<Batch> batch_;  // on its way, or waiting for its next attempt
    std::deque<Batch> begun_;     // by generations before; they go first
    size_t awaited_rests_ = 0;    // of generations before
    bool in_flight_ = false;
    uint64_t attempt_number_ = 0;
    uint64_t retry_ns_ = 0;  // not before
    uint64_t wake_ns_ = 0;   // a timer comes then; 0: none
    uint64_t last_delivery_ = 0;
    uint64_t lost_ = 0;  // that the back end has not been told of
    std::string last_error_;
    uint64_t random_;
};

}  // namespace webhook

#endif
