// Groups: the model behind its one lock, with the store, the Hub and everybody who is to hear of a change.
//
// A change is planned, submitted to the store and applied under the lock, so the store gets changes in the
// order in which the model makes them. Its effects (subscriptions, notices, events, the answer) come when it
// is durable, on the store's thread, in that order: nothing is told that a crash could undo. When the store
// fails, who waits is refused, changes are refused until everything was loaded anew, and messages go on.
//
// Topics: a durable member's connections are subscribed to "group:ID". sync() makes that so, whenever it is
// called; so it does not matter which of two changes is told last.
//
// [any] but for what says otherwise. Shared: what is under way at the store holds it.
#ifndef GATEWAYD_PLUGINS_GROUP_GROUPS_H
#define GATEWAYD_PLUGINS_GROUP_GROUPS_H

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

namespace group {

std::string topic_of(std::string_view group_id);

using changes::Ended;
using changes::Outcome;
using Change = changes::Change<Actor, Plan, Model>;

// What is counted. Made in Configure.
struct Meters {
    gateway::Gauge groups;
    gateway::Gauge memberships;
    gateway::Counter messages;
    gateway::Counter refused_messages;
    gateway::Metric<gateway::Counter> changes;
    gateway::Counter store_failures;
    static Meters define(const gateway::Host& host);
};

class Groups : public std::enable_shared_from_this<Groups> {
   public:
    Groups(const gateway::Host& host, const Settings& settings, storage::Space::Source store);

    // [control] In Start: reads what the store has. Throws what fails.
    void start();
    // [control] In Stop: waits until the store has answered what was submitted; at most 10 s.
    void stop();

    // Nothing: it is under way, and what begin() returned is called. Else it is over.
    std::optional<Outcome> change(const Change& change);

    // --- connections; [conn] ---
    // Subscribes it to the groups of its user. The user lives until leave().
    User* enter(std::string_view user_id, gw_conn_id connection);
    void leave(User* user, gw_conn_id connection);
    // Empty: the user may send to the group; else the code and *why.
    std::string_view message_refusal(User& user, std::string_view group_id, std::string* why);

    // Looks at the model, under the lock: short, and nothing else is called there.
    template <typename Look>
    auto look(Look&& look) const {
        const std::lock_guard lock(mutex_);
        return look(static_cast<const Model&>(model_));
    }
    // A message to a group: published to its members.
    void publish(const std::string& group_id, std::string_view message,
                 std::function<void(const gateway::Publication&)> done) const;

    const Settings& settings() const { return settings_; }

   private:
    // One change at the store.
    struct Flight {
        std::vector<Fact> facts;
        Ended ended;
        Outcome outcome;
    };

    void committed(Flight& flight, const storage::Answer& answer);
    void end(const Ended& ended, const Outcome& outcome) const;
    void tell(const std::vector<Fact>& facts, const std::shared_ptr<void>& until_told);
    void tell(const Fact& fact, const std::shared_ptr<void>& until_told);
    void emit(const Fact& fact) const;
    void to_user(const std::string& user_id, const std::string& message) const;
    void sync(const std::string& group_id, const std::vector<std::string>& users);
    void sync_locked(const std::string& group_id, const std::string& user_id);
    // In place of what there was: before anything runs, or after a failure of the store.
    void adopt(const storage::Ledger::Entries& entries);
    void count();

    const gateway::Host host_;
    const Settings settings_;
    const Meters meters_;
    const std::shared_ptr<storage::Ledger> ledger_;

    mutable std::mutex mutex_;
    Model model_;
    uint64_t last_change_ = 0;
};

}  // namespace group

#endif
