// Tickets: the model behind its one lock, with the store, the Hub and everybody who is to hear of a change.
//
// A change is planned, submitted to the store and applied under the lock, so the store gets changes in the
// order in which the model makes them; what it makes room for (an agent who is free again) is found at once,
// under the same lock. The effects (subscriptions, notices, events, the answer) come when it is durable, on
// the store's thread, in that order: nothing is told that a crash could undo.
//
// Topics: the connections of who takes part are subscribed to "ticket:ID", those of the staff among them to
// "ticket-staff:ID" too. sync() makes that so, whenever it is called; so it does not matter which of two
// changes is told last.
//
// [any] but for what says otherwise. Shared: what is under way at the store holds it.
#ifndef GATEWAYD_PLUGINS_TICKET_TICKETS_H
#define GATEWAYD_PLUGINS_TICKET_TICKETS_H

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "../common/change.h"
#include "../common/ledger.h"
#include "gateway/plugin.hpp"
#include "model.h"

namespace ticket {

std::string topic_of(std::string_view id);
std::string staff_topic_of(std::string_view id);
inline constexpr const char* agents_topic = "ticket-agents";  // all agents, without auto_assign

using changes::Ended;
using changes::Outcome;
using Change = changes::Change<Actor, Plan, Model>;

// A page of a history. Its entries are always in order.
struct HistoryPage {
    uint64_t cursor = 0;  // of the page before: its last number, or its first when `newest`; 0: none
    uint32_t limit = 50;
    bool newest = false;  // from the end backwards
    bool staff = false;   // with notes
};
inline constexpr uint32_t max_history_page = 200;

// What is counted. Made in Configure.
struct Meters {
    gateway::Metric<gateway::Gauge> tickets;
    gateway::Metric<gateway::Gauge> agents;
    gateway::Histogram wait;
    gateway::Histogram first_response;
    gateway::Counter messages;
    gateway::Counter refused_messages;
    gateway::Metric<gateway::Counter> changes;
    gateway::Counter store_failures;
    static Meters define(const gateway::Host& host);
};

class Tickets : public std::enable_shared_from_this<Tickets> {
   public:
    Tickets(const gateway::Host& host, const Settings& settings, storage::Space::Source store);

    // [control] In Start: reads what the store has, and starts the clock. Throws what fails.
    void start();
    // [control] In Stop: waits until the store has answered what was submitted; at most 10 s.
    void stop();

    // Nothing: it is under way, and what begin() returned is called. Else it is over.
    std::optional<Outcome> change(const Change& change);

    // --- connections; [conn] ---
    // Subscribes it to the open tickets of its user. The user lives until leave().
    User* enter(std::string_view user_id, const Link& link, std::string_view name);
    void leave(User* user, const Link& link, const std::vector<std::string>& observed);
    // False: there is no such ticket.
    bool observe(const std::string& id, const Link& link);
    void unobserve(const std::string& id, const Link& link);

    // Looks at the model, under the lock: short, and nothing else is called there.
    template <typename Look>
    auto look(Look&& look) const {
        const std::lock_guard lock(mutex_);
        return look(static_cast<const Model&>(model_));
    }
    // `ended` gets {"entries":[...],"next_cursor":...}, on the store's thread. Who may see it is the caller's
    // matter. GW_OK: it will.
    int32_t read_history(const std::string& id, const HistoryPage& page, Ended ended);
    // A message to a ticket: published to who takes part.
    void publish(const std::string& topic, std::string_view message,
                 std::function<void(const gateway::Publication&)> done) const;
    void count_message(bool refused) const { (refused ? meters_.refused_messages : meters_.messages).add(); }

    const Settings& settings() const { return settings_; }

   private:
    // One change at the store.
    struct Flight {
        std::vector<Fact> facts;
        Ended ended;
        Outcome outcome;
    };

    // --- under the lock ---
    std::optional<Outcome> submit(std::vector<Fact> facts, const Change* change, int64_t now);
    void feed(int64_t now);
    void sync_locked(const std::string& id, const std::string& user_id);
    void subscribe(const std::string& id, const Link& link, bool in) const;
    void adopt(const storage::Ledger::Entries& entries);

    void committed(Flight& flight, const storage::Answer& answer);
    void end(const Ended& ended, const Outcome& outcome) const;
    void measure(const std::vector<Fact>& facts) const;

    // --- who hears of it (tell.cc) ---
    void tell(const std::vector<Fact>& facts, const std::shared_ptr<void>& until_told);
    void tell(const Fact& fact, const std::shared_ptr<void>& until_told);
    void tell_agents(const Fact& fact) const;
    void emit(const Fact& fact) const;
    void to_user(const std::string& user_id, const std::string& message) const;
    void to_topic(const std::string& topic, const std::string& message, std::function<void()> then);
    void hand_over_history(const Fact& fact);
    void sync(const std::string& id, const std::vector<std::string>& users);
    void release_observers(const std::string& id);

    // --- the clock; [control] (clock.cc) ---
    void tick();
    void expire(int64_t now, std::vector<Fact>* warnings);
    void tell_positions(int64_t now);
    void show_counts() const;

    const gateway::Host host_;
    const Settings settings_;
    const Meters meters_;
    const std::shared_ptr<storage::Ledger> ledger_;
    gw_token clock_{0, 0};

    mutable std::mutex mutex_;
    Model model_;
    int64_t positions_ms_ = 0;  // when they were told last
};

}  // namespace ticket

#endif
