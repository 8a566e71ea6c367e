#include "tickets.h"

#include <algorithm>
#include <chrono>

#include "../common/json_object.h"
#include "notices.h"
#include "records.h"

namespace ticket {
namespace {

constexpr std::chrono::milliseconds clock_interval{250};
constexpr size_t max_page_bytes = 262'144;
const std::vector<double> wait_bounds = {0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600};

}  // namespace

std::string topic_of(std::string_view id) {
    return "ticket:" + std::string(id);
}

std::string staff_topic_of(std::string_view id) {
    return "ticket-staff:" + std::string(id);
}

Meters Meters::define(const gateway::Host& host) {
    return {
        gateway::gauges(host, "gateway_tickets", "Tickets.", {"state"}),
        gateway::gauges(host, "gateway_agents", "Agents with a connection.", {"status"}),
        gateway::histogram(host, "gateway_ticket_wait_seconds",
                           "From when a ticket begins to wait until an agent has it.", wait_bounds),
        gateway::histogram(host, "gateway_ticket_first_response_seconds",
                           "From when a ticket is opened to the first message of its agent.", wait_bounds),
        gateway::counter(host, "gateway_ticket_messages_total", "Messages of clients to tickets."),
        gateway::counter(host, "gateway_ticket_messages_refused_total",
                         "Messages to tickets that are closed, or whose sender takes no part."),
        gateway::counters(host, "gateway_ticket_changes_total", "Changes of tickets that are durable.",
                          {"what"}),
        gateway::counter(host, "gateway_ticket_store_failures_total",
                         "Changes of tickets and messages that the store did not take.")};
}

Tickets::Tickets(const gateway::Host& host, const Settings& settings, storage::Space::Source store)
    : host_(host),
      settings_(settings),
      meters_(Meters::define(host)),
      ledger_(std::make_shared<storage::Ledger>(host, std::move(store), "ticket", "tickets", model_ranges())),
      model_(settings_) {}

void Tickets::start() {
    show_counts();
    adopt(ledger_->load());
    ledger_->begin([weak = weak_from_this()](const storage::Ledger::Entries& entries) {
        if (const auto self = weak.lock()) self->adopt(entries);
    });
    storage::Batch batch;
    batch.put(std::string(version_key), std::string(records_version));
    if (const std::string why = ledger_->commit(batch, [](const storage::Answer&) {}); !why.empty())
        throw gateway::Error(why, GW_E_STATE);
    clock_ = gateway::every(host_, clock_interval, [self = shared_from_this()] { self->tick(); });
}

void Tickets::stop() {
    gateway::cancel_timer(host_, clock_);
    ledger_->stop();
}

// In place of what there was: before anything runs, or after a failure of the store.
void Tickets::adopt(const storage::Ledger::Entries& entries) {
    size_t skipped = 0;
    {
        const std::lock_guard lock(mutex_);
        const int64_t now = host_.wall_time_ms();
        std::vector<std::pair<std::string, std::string>> before;  // ticket, user
        for (const auto& [id, live] : model_.tickets()) {
            for (const std::string& user : live.ticket->participants)
                before.emplace_back(id, user);
            before.emplace_back(id, live.ticket->customer);
            before.emplace_back(id, live.ticket->agent);
        }
        model_.clear();
        for (const storage::Entry& entry : entries)
            skipped += load(entry, now, &model_) ? 0 : 1;
        model_.settle_loaded(now);
        for (const auto& [id, user] : before)
            sync_locked(id, user);
        for (const auto& [id, live] : model_.tickets()) {
            for (const std::string& user : live.ticket->participants)
                sync_locked(id, user);
            sync_locked(id, live.ticket->customer);
            sync_locked(id, live.ticket->agent);
        }
    }
    if (skipped > 0) {
        host_.warn(std::to_string(skipped) +
                   " records of tickets in the store make no sense and were passed over");
    }
}

// --- changes ---

std::optional<Outcome> Tickets::change(const Change& change) {
    const std::lock_guard lock(mutex_);
    const int64_t now = host_.wall_time_ms();
    Plan plan = change.plan(model_, now);
    Outcome outcome;
    if (plan.refused()) return Outcome::refusal(plan.code, std::move(plan.why));
    if (plan.facts.empty()) {
        outcome.changed = false;
        if (change.answer) outcome.answer = change.answer(model_);
        return outcome;
    }
    User* const user =
        change.is_message || change.actor.user.empty() ? nullptr : model_.find_user(change.actor.user);
    if (user && !model_.take_change(*user, now, &outcome.wait_ms)) {
        outcome.code = "rate_limited";
        outcome.why = "too many changes of tickets; wait " + std::to_string(outcome.wait_ms) + " ms";
        return outcome;
    }
    auto over = submit(std::move(plan.facts), &change, now);
    if (!over) feed(now);
    return over;
}

// change: null: nobody waits for it.
std::optional<Outcome> Tickets::submit(std::vector<Fact> facts, const Change* change, int64_t now) {
    storage::Batch batch;
    write(facts, model_, &batch);
    const auto flight = std::make_shared<Flight>();
    flight->facts = std::move(facts);
    if (change) flight->ended = change->begin();
    std::string why =
        ledger_->commit(batch, [self = shared_from_this(), flight](const storage::Answer& answer) {
            self->committed(*flight, answer);
        });
    if (!why.empty()) {
        meters_.store_failures.add();
        return Outcome::refusal("unavailable", std::move(why));
    }
    for (const Fact& fact : flight->facts)
        model_.apply(fact, now);
    if (change && change->answer) flight->outcome.answer = change->answer(model_);
    return std::nullopt;
}

// Agents who have room get what waits.
void Tickets::feed(int64_t now) {
    for (std::vector<std::string> freed = model_.take_freed(); !freed.empty(); freed = model_.take_freed()) {
        for (const std::string& agent : freed) {
            for (Plan plan = model_.feed(agent, now); !plan.facts.empty(); plan = model_.feed(agent, now)) {
                if (submit(std::move(plan.facts), nullptr, now)) return;  // the ledger loads anew
            }
        }
    }
}

// On the store's thread.
void Tickets::committed(Flight& flight, const storage::Answer& answer) {
    { const std::lock_guard applied(mutex_); }  // submit() has applied it, and written its answer
    if (!answer.ok()) {
        meters_.store_failures.add();
        return end(flight.ended,
                   Outcome::refusal("unavailable", "the store failed; nothing was changed, try again"));
    }
    measure(flight.facts);
    if (flight.facts.size() == 1 && flight.facts[0].kind == Fact::Kind::said) {
        emit(flight.facts[0]);
        return end(flight.ended, flight.outcome);
    }
    // The answer goes out when the last notice has reached the queues.
    const std::shared_ptr<void> until_told(
        nullptr, [self = shared_from_this(), ended = std::move(flight.ended),
                  outcome = std::move(flight.outcome)](void*) { self->end(ended, outcome); });
    tell(flight.facts, until_told);
}

// On a thread of the store's or the Hub's: no exception goes there.
void Tickets::end(const Ended& ended, const Outcome& outcome) const {
    if (!ended) return;
    try {
        ended(outcome);
    } catch (const std::exception& failure) {
        host_.warn(std::string("who waits for a change of a ticket is not answered: ") + failure.what());
    }
}

void Tickets::measure(const std::vector<Fact>& facts) const {
    for (const Fact& fact : facts) {
        const auto seconds_since = [&](int64_t ms) { return static_cast<double>(fact.at_ms - ms) / 1000; };
        if (fact.kind == Fact::Kind::assigned && fact.why.empty())
            meters_.wait.observe(seconds_since(fact.ticket->waiting_ms));
        if (fact.kind == Fact::Kind::said) {
            if (fact.ticket->first_response_ms == fact.at_ms && fact.by == fact.ticket->agent)
                meters_.first_response.observe(seconds_since(fact.ticket->created_ms));
            continue;
        }
        meters_.changes.with({name_of(fact.kind)}).add();
        if (fact.why == "max_tickets")
            host_.warn("a closed ticket was removed before its time: there are max_tickets of them");
    }
}

// --- connections ---

void Tickets::subscribe(const std::string& id, const Link& link, bool in) const {
    if (in) {
        try {
            host_.subscribe(link.id, topic_of(id));
            if (link.staff) host_.subscribe(link.id, staff_topic_of(id));
        } catch (const gateway::Error& failure) {  // the gateway's limit of topics: about 500 tickets
            host_.warn(std::string("a connection does not hear one of its tickets: ") + failure.what());
        }
    } else {
        host_.unsubscribe(link.id, topic_of(id));
        if (link.staff) host_.unsubscribe(link.id, staff_topic_of(id));
    }
}

// The user's connections are in the topics, or not, as the model has it now.
void Tickets::sync_locked(const std::string& id, const std::string& user_id) {
    const User* const user = model_.find_user(user_id);
    if (!user) return;
    const Live* const live = model_.find(id);
    const bool in = live && live->ticket->is_open() && live->ticket->is_in(user_id);
    for (const Link& link : user->connections) {
        const bool observes =
            live && live->ticket->is_open() &&
            std::any_of(live->observers.begin(), live->observers.end(),
                        [&](gw_conn_id one) { return one.generation == link.id.generation; });
        subscribe(id, link, in || observes);
    }
}

void Tickets::sync(const std::string& id, const std::vector<std::string>& users) {
    if (users.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const std::string& user : users)
        sync_locked(id, user);
}

User* Tickets::enter(std::string_view user_id, const Link& link, std::string_view name) {
    const std::lock_guard lock(mutex_);
    User& user = model_.user(user_id);
    const int64_t now = host_.wall_time_ms();
    model_.enter(user, link, name);
    for (const std::string_view id : user.open)
        subscribe(std::string(id), link, true);
    if (link.serves && !settings_.auto_assign) host_.subscribe(link.id, agents_topic);
    feed(now);
    return &user;
}

void Tickets::leave(User* user, const Link& link, const std::vector<std::string>& observed) {
    const std::lock_guard lock(mutex_);
    const int64_t now = host_.wall_time_ms();
    const std::string user_id = user->id;
    for (const std::string& id : observed)
        model_.unobserve(id, link.id);
    model_.leave(*user, link.id, now);
    const Desk* const desk = model_.find_desk(user_id);
    if (!link.serves || !desk || desk->connections > 0) return;
    // Who is asked and has gone does not answer.
    const std::vector<std::string> held(desk->tickets.begin(), desk->tickets.end());
    for (const std::string& id : held) {
        if (model_.find(id)->ticket->state != State::offered) continue;
        if (submit(model_.orphan(id, now).facts, nullptr, now)) return;
    }
    feed(now);
}

bool Tickets::observe(const std::string& id, const Link& link) {
    const std::lock_guard lock(mutex_);
    if (!model_.observe(id, link.id)) return false;
    subscribe(id, {link.id, true, false}, true);
    return true;
}

void Tickets::unobserve(const std::string& id, const Link& link) {
    const std::lock_guard lock(mutex_);
    model_.unobserve(id, link.id);
    subscribe(id, {link.id, true, false}, false);
}

// --- histories ---

int32_t Tickets::read_history(const std::string& id, const HistoryPage& page, Ended ended) {
    std::string from = history_prefix(id);
    std::string to = history_key(id, ~uint64_t{0});
    if (page.cursor > 0)
        (page.newest ? to : from) = history_key(id, page.newest ? page.cursor : page.cursor + 1);
    return ledger_->scan(
        from, to, page.limit, page.newest,
        [self = shared_from_this(), page, ended = std::move(ended)](const storage::Answer& answer) {
            if (!answer.ok())
                return self->end(ended, Outcome::refusal("unavailable", "the history cannot be read now"));
            std::vector<std::string> shown;
            uint64_t last = 0;
            size_t bytes = 0;
            bool more = answer.more;
            for (const storage::Entry& entry : answer.entries) {
                if (bytes > 0 && bytes + entry.second.size() > max_page_bytes) {
                    more = true;
                    break;
                }
                bytes += entry.second.size();
                last = history_number(entry.first);
                if (entry.second.size() < 3 || (entry.second[0] == 's' && !page.staff)) continue;
                shown.push_back(json::JsonObject()
                                    .number("seq_no", static_cast<int64_t>(last))
                                    .members_of(std::string_view(entry.second).substr(1))
                                    .end());
            }
            if (page.newest) std::reverse(shown.begin(), shown.end());
            json::JsonList entries;
            for (const std::string& one : shown)
                entries.raw(one);
            json::JsonObject object;
            object.raw("entries", entries.end());
            more ? object.text("next_cursor", std::to_string(last)) : object.raw("next_cursor", "null");
            Outcome outcome;
            outcome.answer = object.end();
            self->end(ended, outcome);
        });
}

}  // namespace ticket
