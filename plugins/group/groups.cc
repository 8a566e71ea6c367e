#include "groups.h"

#include "notices.h"
#include "records.h"

namespace group {
namespace {

constexpr std::string_view what_changed[] = {"created", "updated",   "deleted", "joined",  "left", "kicked",
                                             "invited", "uninvited", "muted",   "unmuted", "role"};

}  // namespace

std::string topic_of(std::string_view group_id) {
    return "group:" + std::string(group_id);
}

Meters Meters::define(const gateway::Host& host) {
    return {gateway::gauge(host, "gateway_groups", "Groups."),
            gateway::gauge(host, "gateway_group_memberships", "Members of all groups together."),
            gateway::counter(host, "gateway_group_messages_total", "Messages of clients to groups."),
            gateway::counter(host, "gateway_group_messages_refused_total",
                             "Messages to groups whose sender is not in it, or muted."),
            gateway::counters(host, "gateway_group_changes_total", "Changes of groups that are durable.",
                              {"what"}),
            gateway::counter(host, "gateway_group_store_failures_total",
                             "Changes of groups that the store did not take.")};
}

Groups::Groups(const gateway::Host& host, const Settings& settings, storage::Space::Source store)
    : host_(host),
      settings_(settings),
      meters_(Meters::define(host)),
      ledger_(std::make_shared<storage::Ledger>(host, std::move(store), "group", "groups",
                                                std::vector<storage::KeyRange>{{{}, {}}})),
      model_(settings_) {}

void Groups::start() {
    const storage::Ledger::Entries entries = ledger_->load();
    adopt(entries);
    ledger_->begin([weak = weak_from_this()](const storage::Ledger::Entries& kept) {
        if (const auto self = weak.lock()) self->adopt(kept);
    });
    if (!entries.empty()) return;
    storage::Batch batch;
    batch.put(std::string(version_key), std::string(records_version));
    if (const std::string why = ledger_->commit(batch, [](const storage::Answer&) {}); !why.empty())
        throw gateway::Error(why, GW_E_STATE);
}

void Groups::stop() {
    ledger_->stop();
}

void Groups::adopt(const storage::Ledger::Entries& entries) {
    size_t skipped = 0;
    {
        const std::lock_guard lock(mutex_);
        std::vector<std::pair<std::string, std::string>> before;  // group, user: of users who are here
        for (const auto& [id, user] : model_.users()) {
            if (!user->online()) continue;
            for (const auto& [group, member] : user->groups)
                before.emplace_back(group, id);
        }
        model_.clear_groups();
        for (const storage::Entry& entry : entries)
            skipped += load(entry, &model_) ? 0 : 1;
        for (const auto& [group, user] : before)
            sync_locked(group, user);
        for (const auto& [id, user] : model_.users()) {
            for (const auto& [group, member] : user->groups)
                sync_locked(std::string(group), std::string(id));
        }
    }
    count();
    if (skipped > 0)
        host_.warn(std::to_string(skipped) +
                   " records of groups in the store make no sense and were passed over");
}

// --- changes ---

std::optional<Outcome> Groups::change(const Change& change) {
    const std::lock_guard lock(mutex_);
    const int64_t now = host_.wall_time_ms();
    const Plan plan = change.plan(model_, now);
    Outcome outcome;
    outcome.code = plan.code;
    outcome.why = plan.why;
    if (plan.refused()) return outcome;
    if (plan.facts.empty()) {
        outcome.changed = false;
        if (change.answer) outcome.answer = change.answer(model_);
        return outcome;
    }
    User* const user = change.actor.is_api() ? nullptr : model_.find_user(change.actor.user);
    if (user && !model_.take_change(*user, now, &outcome.wait_ms)) {
        outcome.code = "rate_limited";
        outcome.why = "too many changes of groups; wait " + std::to_string(outcome.wait_ms) + " ms";
        return outcome;
    }
    storage::Batch batch;
    for (const Fact& fact : plan.facts)
        write(fact, model_, &batch);
    const auto flight = std::make_shared<Flight>();
    flight->facts = plan.facts;
    flight->ended = change.begin();
    std::string why =
        ledger_->commit(batch, [self = shared_from_this(), flight](const storage::Answer& answer) {
            self->committed(*flight, answer);
        });
    if (!why.empty()) {
        meters_.store_failures.add();
        return Outcome::refusal("unavailable", std::move(why));
    }
    ++last_change_;
    for (Fact& fact : flight->facts) {
        fact.change = last_change_;
        model_.apply(fact);
    }
    if (change.answer) flight->outcome.answer = change.answer(model_);
    return std::nullopt;
}

// On the store's thread, which gets in when the change was applied.
void Groups::committed(Flight& flight, const storage::Answer& answer) {
    if (!answer.ok()) {
        meters_.store_failures.add();
        return end(flight.ended,
                   Outcome::refusal("unavailable", "the store failed; nothing was changed, try again"));
    }
    {
        const std::lock_guard lock(mutex_);
        for (const Fact& fact : flight.facts) {
            model_.confirm(fact);
            if (fact.kind == Fact::Kind::joined) sync_locked(fact.group, fact.user);
        }
    }
    for (const Fact& fact : flight.facts)
        meters_.changes.with({what_changed[static_cast<size_t>(fact.kind)]}).add();
    count();
    // The answer goes out when the last notice has reached the members' queues.
    const std::shared_ptr<void> until_told(nullptr,
                                           [self = shared_from_this(), ended = std::move(flight.ended),
                                            outcome = flight.outcome](void*) { self->end(ended, outcome); });
    tell(flight.facts, until_told);
}

// On a thread of the store's or the Hub's: no exception goes there.
void Groups::end(const Ended& ended, const Outcome& outcome) const {
    try {
        ended(outcome);
    } catch (const std::exception& failure) {
        host_.warn(std::string("who waits for a change of a group is not answered: ") + failure.what());
    }
}

void Groups::count() {
    const std::lock_guard lock(mutex_);
    meters_.groups.set(static_cast<double>(model_.groups().size()));
    meters_.memberships.set(static_cast<double>(model_.memberships()));
}

// --- who hears of it ---

void Groups::tell(const std::vector<Fact>& facts, const std::shared_ptr<void>& until_told) {
    for (const Fact& fact : facts) {
        emit(fact);
        tell(fact, until_told);
    }
}

void Groups::tell(const Fact& fact, const std::shared_ptr<void>& until_told) {
    std::vector<std::string> leaving;
    if (fact.kind == Fact::Kind::left || fact.kind == Fact::Kind::kicked) leaving.push_back(fact.user);
    if (fact.kind == Fact::Kind::deleted) leaving = fact.users;
    if (const std::string notice = user_notice(fact); !notice.empty()) to_user(fact.user, notice);
    const bool told = fact.told || fact.kind == Fact::Kind::deleted;
    const std::string notice = told ? member_notice(fact) : std::string();
    if (notice.empty()) return sync(fact.group, leaving);
    try {
        // Who leaves hears it too, and nothing after it.
        publish(fact.group, notice,
                [self = shared_from_this(), group = fact.group, leaving,
                 until_told](const gateway::Publication&) { self->sync(group, leaving); });
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("a notice to a group is lost: ") + failure.what());
        sync(fact.group, leaving);
    }
}

void Groups::emit(const Fact& fact) const {
    if (!gateway::wanted(host_, event_name(fact.kind))) return;
    try {
        gateway::emit(host_, event_name(fact.kind), facts_json(fact));  // what is lost the gateway counts
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("an event of a group is lost: ") + failure.what());
    }
}

void Groups::to_user(const std::string& user_id, const std::string& message) const {
    try {
        host_.publish(gateway::Destination::user(user_id), message);
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("a notice to a user is lost: ") + failure.what());
    }
}

void Groups::publish(const std::string& group_id, std::string_view message,
                     std::function<void(const gateway::Publication&)> done) const {
    gateway::publish(host_, gateway::Destination::topic(topic_of(group_id)), message, std::move(done));
}

void Groups::sync(const std::string& group_id, const std::vector<std::string>& users) {
    if (users.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const std::string& user : users)
        sync_locked(group_id, user);
}

// The user's connections are in the topic, or not, as the model has it now.
void Groups::sync_locked(const std::string& group_id, const std::string& user_id) {
    User* const user = model_.find_user(user_id);
    if (!user) return;
    const Membership* const member = user->in(group_id);
    const std::string topic = topic_of(group_id);
    for (const gw_conn_id connection : user->connections) {
        if (member && member->confirmed) {
            host_.subscribe(connection, topic);
        } else if (!member) {
            host_.unsubscribe(connection, topic);
        }
    }
}

// --- connections ---

User* Groups::enter(std::string_view user_id, gw_conn_id connection) {
    const std::lock_guard lock(mutex_);
    User& user = model_.user(user_id);
    model_.enter(user, connection);
    for (const auto& [id, member] : user.groups) {
        if (member->confirmed) host_.subscribe(connection, topic_of(id));
    }
    return &user;
}

void Groups::leave(User* user, gw_conn_id connection) {
    const std::lock_guard lock(mutex_);
    model_.leave(*user, connection);
}

std::string_view Groups::message_refusal(User& user, std::string_view group_id, std::string* why) {
    const std::lock_guard lock(mutex_);
    const Membership* const member = user.in(group_id);
    if (!member || !member->confirmed) {
        meters_.refused_messages.add();
        const bool exists = model_.find(group_id) != nullptr;
        *why = exists ? "you are not in the group" : "there is no such group";
        return exists ? "forbidden" : "not_found";
    }
    if (member->muted_until_ms > 0 && member->muted_until_ms > host_.wall_time_ms()) {
        meters_.refused_messages.add();
        *why = member->muted_until_ms == for_ever
                   ? "you are muted in this group"
                   : "you are muted in this group until " + until_json(member->muted_until_ms);
        return "forbidden";
    }
    meters_.messages.add();
    return {};
}

}  // namespace group
