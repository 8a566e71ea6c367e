// Asker: from a question to its outcome, without holding any thread. Answers of before are used again; who
// asks what is being asked already waits for the same answer; at most max_in_flight questions are on their
// way. A question that nobody waits for any more is cancelled. [any], from Start on; the host calls no
// completion after the plugin's stop, and no Waiter outlives the plugin.
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_ASKER_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_ASKER_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answer.h"
#include "cache.h"
#include "gateway/plugin.hpp"
#include "meters.h"
#include "question.h"
#include "settings.h"

namespace auth_http {

class Asker;

// One question on its way, shared by its completion and who waits.
struct Flight {
    explicit Flight(Question of) : question(std::move(of)) {}
    const Question question;
    uint64_t began_ns = 0;
    // Asker's lock guards the rest.
    size_t waiters = 0;
    std::vector<gw_token> tokens;  // to resume; some may have gone
    OutcomePtr outcome;            // null: not yet
    std::optional<gateway::http::Call> call;
    bool dropped = false;  // nobody waits any more
};

// One request that was put aside; what its deferral owns.
class Waiter {
   public:
    explicit Waiter(Asker* asker) : asker_(asker) {}
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    OutcomePtr outcome() const;  // in OnResume

   private:
    friend class Asker;
    Asker* const asker_;
    std::shared_ptr<Flight> flight_;
    OutcomePtr at_once_;  // in place of a flight
};

class Asker {
   public:
    Asker(gateway::Host host, const Settings& settings);

    const std::string& salt() const { return salt_; }
    // What is known without asking: an answer of before, or that too many are being asked; else null.
    OutcomePtr at_once(const Key& key);
    // Puts the request aside until there is an outcome: `return asker.wait(...)`. In OnResume
    // gateway::take<Waiter>(ud)->outcome(); in OnCancel the Waiter is taken, too, and let go.
    gateway::Verdict wait(Question question, gateway::Next& next);

    // Answers of before, and those that are on their way, count for nobody new. How many were kept.
    size_t forget_all();
    size_t forget_user(std::string_view user_id);

   private:
    friend class Waiter;
    int64_t now_ms() const { return static_cast<int64_t>(host_.now_ns() / 1000000); }
    OutcomePtr find(const Key& key);                       // holds mutex_
    void keep(const Key& key, const OutcomePtr& outcome);  // holds mutex_
    std::shared_ptr<Flight> join(Question question, Waiter* waiter, gw_token token);
    void send(const std::shared_ptr<Flight>& flight);
    void answered(const std::shared_ptr<Flight>& flight, const gateway::http::Answer& answer);
    void leave(const std::shared_ptr<Flight>& flight);
    OutcomePtr outcome_of(const Flight& flight) const;

    const gateway::Host host_;
    const Settings settings_;
    const std::string salt_;
    const OutcomePtr too_many_;
    Meters meters_;
    mutable std::mutex mutex_;
    Cache admitted_;
    Cache denied_;  // of its own: refusals, which anybody can cause, displace no admission
    std::unordered_map<Key, std::shared_ptr<Flight>, KeyHash> flights_;  // that may be joined
    size_t in_flight_ = 0;                                               // those that may not, too
};

}  // namespace auth_http

#endif
