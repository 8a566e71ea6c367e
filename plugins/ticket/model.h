// Model: the tickets and agents in memory, and the rules. A change is planned (plan functions: nothing is
// touched, the answer is a refusal or the facts), submitted to the store, and then applied; so what the store
// does not take has not happened.
//
// A fact carries the whole ticket as it is after it; apply() puts that in the place of the one before and
// brings every index (queue, loads, free agents, deadlines, who takes part) after it. So no index can differ
// from the tickets, and a plan of one ticket sees the loads as they are: no agent gets more than its limit.
//
// No lock: its owner (Tickets) has one. No clock: times are handed in, milliseconds since 1970. Limits: those
// of Settings.
#ifndef GATEWAYD_PLUGINS_TICKET_MODEL_H
#define GATEWAYD_PLUGINS_TICKET_MODEL_H

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/plugin.h"
#include "settings.h"
#include "types.h"

namespace ticket {

// A ticket with what is not kept.
struct Live {
    TicketPtr ticket;
    std::string_view id;       // as long as it is there
    uint64_t said = 0;         // entries of the history since ticket->entries
    int64_t activity_ms = 0;   // the last message or change
    bool warned = false;       // that it ends for lack of activity
    size_t told_position = 0;  // in the queue; 0: none
    int64_t due_ms = 0;        // when expire() is to look at it; 0: not planned
    std::vector<gw_conn_id> observers;

    uint64_t entries() const { return ticket->entries + said; }
};

struct Link {
    gw_conn_id id{0, 0};
    bool staff = false;   // hears notes
    bool serves = false;  // counts as an agent's
};

// Somebody with a connection or a ticket.
struct User {
    std::string id;
    std::vector<Link> connections;
    std::set<std::string_view> open;  // tickets that it takes part in
    std::set<std::string_view> all;   // the same with closed ones
    double changes = 0;               // that it may make now
    int64_t changes_ms = 0;
    bool is_nobody() const { return connections.empty() && all.empty(); }
};

// An agent with what is not kept.
struct Desk {
    Agent agent;
    std::string_view id;   // as long as it is there
    std::string name;      // of its token
    bool is_kept = false;  // the store has a record
    size_t connections = 0;
    std::set<std::string_view> tickets;  // offered to it, active, paused
    int64_t gone_ms = 0;                 // when its last connection went; 0: it has one, or never had
    uint64_t idle = 0;      // when its last ticket came or went, or it became free: least is longest ago
    uint64_t assigned = 0;  // when it got its last ticket, in the same count
    bool is_free = false;   // connected, available, below its limit
    std::pair<uint64_t, uint64_t> rank;  // among those who are free: least first
    bool is_nobody() const { return !is_kept && connections == 0 && tickets.empty(); }
};

// Who wants a change.
struct Actor {
    std::string user;         // empty: the API, another plugin, or the gateway itself
    bool staff = false;       // the rule ticket.serve
    bool supervisor = false;  // the rule ticket.supervise
    bool api = false;         // may everything
    bool granted = false;     // a token names the ticket
    static Actor of_api() { return {{}, false, false, true, false}; }
};

struct Plan {
    std::string_view code;  // of a refusal: "conflict"; empty: fine
    std::string why;
    std::vector<Fact> facts;  // none: it is so already
    bool refused() const { return !code.empty(); }
};

// What is said of a ticket when it is opened or changed; nothing: not said.
struct Traits {
    std::optional<std::string> subject;
    std::optional<Priority> priority;
    std::optional<Skills> skills;
    std::optional<std::string> data;
    std::string customer;
    std::string customer_name;
};
// Where a ticket is to go: an agent, or the queue, with other skills or the same.
struct Target {
    std::string agent;
    std::optional<Skills> skills;
};
struct AgentChange {
    std::optional<Status> status;
    std::optional<Skills> skills;
    std::optional<uint32_t> max_tickets;
};

class Model {
   public:
    explicit Model(const Settings& settings) : settings_(settings) {}

    // --- changes (plans.cc): plan, then apply each fact ---
    Plan open(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const;
    Plan accept(const Actor& actor, const std::string& id, int64_t now) const;
    Plan decline(const Actor& actor, const std::string& id, int64_t now) const;
    // agent empty: whoever is free.
    Plan assign(const Actor& actor, const std::string& id, const std::string& agent, int64_t now) const;
    // note: a JSON object for the staff, or empty.
    Plan transfer(const Actor& actor, const std::string& id, const Target& to, const std::string& note,
                  int64_t now) const;
    Plan pause(const Actor& actor, const std::string& id, int64_t now) const;
    Plan resume(const Actor& actor, const std::string& id, int64_t now) const;
    Plan close(const Actor& actor, const std::string& id, const std::string& reason, int64_t now) const;
    Plan reopen(const Actor& actor, const std::string& id, int64_t now) const;
    Plan update(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const;
    Plan invite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const;
    Plan remove(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const;
    Plan leave(const Actor& actor, const std::string& id, int64_t now) const;
    Plan note(const Actor& actor, const std::string& id, const std::string& body, int64_t now) const;
    Plan say(const Actor& actor, const std::string& id, const std::string& body, int64_t now) const;
    Plan set_agent(const Actor& actor, const std::string& id, const AgentChange& change, int64_t now) const;

    // --- what comes of itself (assignment.cc) ---
    // A deadline of the ticket has come, or nothing is to be done.
    Plan expire(std::string_view id, int64_t now) const;
    // Its agent has gone for good.
    Plan orphan(std::string_view id, int64_t now) const;
    // The agent, which is free, gets what waits and it can do; no facts: nothing does.
    Plan feed(std::string_view agent, int64_t now) const;
    // Agents who have become free since the last call; they are to be fed.
    std::vector<std::string> take_freed();
    // Tickets to expire(), at most `limit`; and agents whose grace is over.
    std::vector<std::string> take_due(int64_t now, size_t limit);
    std::vector<std::string> take_gone(int64_t now);
    // expire() is to look at it again.
    void plan_again(std::string_view id, int64_t not_before_ms);

    void apply(const Fact& fact, int64_t now);

    // --- look-ups ---
    const Live* find(std::string_view id) const;
    User* find_user(std::string_view id) const;
    const Desk* find_desk(std::string_view id) const;
    // Whether the actor may know of it; else it is "not found".
    bool knows(const Actor& actor, const Ticket& ticket) const;
    // Takes part, or may everything.
    bool hears(const Actor& actor, const Ticket& ticket) const;
    size_t position(const Ticket& ticket) const;  // in the queue, from 1; 0: it does not wait
    uint32_t limit_of(const Desk& desk) const;

    const std::map<std::string, Live, std::less<>>& tickets() const { return tickets_; }
    const std::map<std::string, Desk, std::less<>>& desks() const { return desks_; }
    // Waiting tickets, in order. Calls each(const Live&) -> bool until it returns false.
    template <typename Each>
    void for_each_waiting(Each&& each) const {
        for (const QueueKey& key : queue_) {
            if (!each(*find(key.id))) return;
        }
    }
    // Waiting tickets whose position is not what it was at the last call (at first: where they began).
    std::vector<std::pair<TicketPtr, size_t>> take_moved();
    size_t waiting() const { return queue_.size(); }
    size_t count(State state) const { return counts_[static_cast<size_t>(state)]; }
    size_t connected(Status status) const { return connected_[static_cast<size_t>(status)]; }

    // --- users and their connections ---
    User& user(std::string_view id);  // made when there is none
    void enter(User& user, const Link& link, std::string_view name);
    // Who is nobody then is forgotten.
    void leave(User& user, gw_conn_id connection, int64_t now);
    // False: the user makes too many changes; *wait_ms says when the next one is fine.
    bool take_change(User& user, int64_t now, int64_t* wait_ms) const;
    bool observe(std::string_view id, gw_conn_id connection);
    void unobserve(std::string_view id, gw_conn_id connection);
    // A message was said; of no fact that changes the ticket.
    void heard(std::string_view id, int64_t now);
    void set_warned(std::string_view id, int64_t now);

    // --- what the store has ---
    void clear();  // connections stay
    void load(Ticket ticket, int64_t now);
    void load(Agent agent);
    // Of an agent with tickets and no connection: its grace begins. After the loading.
    void settle_loaded(int64_t now);

   private:
    struct QueueKey {
        int priority;  // greatest first
        int64_t since_ms;
        std::string_view id;
        bool operator<(const QueueKey& other) const {
            if (priority != other.priority) return priority > other.priority;
            if (since_ms != other.since_ms) return since_ms < other.since_ms;
            return id < other.id;
        }
    };
    struct FreeKey {
        std::pair<uint64_t, uint64_t> rank;
        std::string_view id;
        bool operator<(const FreeKey& other) const {
            return rank != other.rank ? rank < other.rank : id < other.id;
        }
    };
    using Due = std::set<std::pair<int64_t, std::string_view>>;

    // --- assignment.cc ---
    struct Draft;
    const Desk* choose(const Ticket& ticket, int64_t now) const;
    static bool suits(const Desk& desk, const Ticket& ticket, int64_t now);
    // The waiting ticket of the draft goes to whom it fits, or says that it waits (unless it did so before).
    void settle(Draft* draft, const std::string& why, bool is_news = true) const;
    void offer(Draft* draft, const Desk& desk) const;
    void give(Draft* draft, const Desk& desk) const;
    void enqueue(Draft* draft, State state) const;
    void end(Draft* draft, const std::string& by, const std::string& reason, Fact::Kind kind) const;
    int64_t due_of(const Live& live) const;

    // --- plans.cc ---
    struct Found;
    Found found(const Actor& actor, const std::string& id) const;
    static bool leads(const Actor& actor, const Ticket& ticket);
    Plan needs_room(const Desk* desk) const;

    // --- the indexes (model.cc) ---
    void put(const TicketPtr& ticket, int64_t now);
    void drop(std::string_view id);
    void index(Live& live);
    void unindex(Live& live, const Ticket* next);
    void take_part(const Ticket& ticket, std::string_view id, bool in);
    void set_due(Live& live, int64_t due_ms);
    Desk& desk(std::string_view id);
    void count_in(const Desk& desk, bool in);
    void rank(Desk& desk);
    void change_desk(Desk& desk, bool becomes_idle, bool has_more_room);
    void forget_if_nobody(std::string_view user, std::string_view agent);
    static bool is_due_gone(const Desk& desk);

    const Settings& settings_;
    std::map<std::string, Live, std::less<>> tickets_;                   // by id, for pages
    std::map<std::string, Desk, std::less<>> desks_;                     // by agent id
    std::unordered_map<std::string_view, std::unique_ptr<User>> users_;  // by id
    std::set<QueueKey> queue_;
    std::set<FreeKey> free_;
    std::set<std::pair<int64_t, std::string_view>> closed_;  // by the time of their end
    Due due_;
    std::array<size_t, state_words.size()> counts_{};
    std::array<size_t, status_words.size()> connected_{};
    std::vector<std::string> freed_;
    uint64_t moves_ = 0;  // of agents, counted
};

}  // namespace ticket

#endif
