#include "model.h"

namespace ticket {

// --- look-ups ---

const Live* Model::find(std::string_view id) const {
    const auto found = tickets_.find(id);
    return found == tickets_.end() ? nullptr : &found->second;
}

User* Model::find_user(std::string_view id) const {
    const auto found = users_.find(id);
    return found == users_.end() ? nullptr : found->second.get();
}

const Desk* Model::find_desk(std::string_view id) const {
    const auto found = desks_.find(id);
    return found == desks_.end() ? nullptr : &found->second;
}

bool Model::hears(const Actor& actor, const Ticket& ticket) const {
    return actor.api || actor.supervisor || (!actor.user.empty() && ticket.is_in(actor.user));
}

bool Model::knows(const Actor& actor, const Ticket& ticket) const {
    return actor.staff || hears(actor, ticket);
}

size_t Model::position(const Ticket& ticket) const {
    if (!ticket.waits()) return 0;
    size_t position = 1;
    for (const QueueKey& key : queue_) {
        if (key.id == ticket.id) return position;
        ++position;
    }
    return 0;
}

std::vector<std::pair<TicketPtr, size_t>> Model::take_moved() {
    std::vector<std::pair<TicketPtr, size_t>> moved;
    size_t position = 0;
    for (const QueueKey& key : queue_) {
        Live& live = tickets_.find(key.id)->second;
        ++position;
        if (live.told_position == position) continue;
        if (live.told_position != 0) moved.emplace_back(live.ticket, position);
        live.told_position = position;
    }
    return moved;
}

uint32_t Model::limit_of(const Desk& desk) const {
    return desk.agent.max_tickets > 0 ? desk.agent.max_tickets : settings_.max_tickets_per_agent;
}

// --- users and their connections ---

User& Model::user(std::string_view id) {
    if (User* const known = find_user(id)) return *known;
    auto made = std::make_unique<User>();
    made->id = id;
    made->changes = settings_.changes_per_minute;
    User& user = *made;
    users_.emplace(user.id, std::move(made));
    return user;
}

void Model::enter(User& user, const Link& link, std::string_view name) {
    user.connections.push_back(link);
    if (!link.serves) return;
    Desk& own = desk(user.id);
    if (!name.empty()) own.name = name;
    if (own.connections == 0) count_in(own, true);
    ++own.connections;
    own.gone_ms = 0;
    change_desk(own, own.connections == 1, true);
}

void Model::leave(User& user, gw_conn_id connection, int64_t now) {
    const auto same = [&](const Link& link) { return link.id.generation == connection.generation; };
    const auto found = std::find_if(user.connections.begin(), user.connections.end(), same);
    if (found == user.connections.end()) return;
    const bool served = found->serves;
    user.connections.erase(found);
    const std::string id = user.id;
    if (served) {
        Desk& own = desk(id);
        if (--own.connections == 0) {
            count_in(own, false);
            own.gone_ms = now;
            change_desk(own, false, false);
        }
    }
    forget_if_nobody(id, id);
}

bool Model::take_change(User& user, int64_t now, int64_t* wait_ms) const {
    if (settings_.changes_per_minute == 0) return true;
    const double per_ms = settings_.changes_per_minute / 60'000.0;
    const int64_t passed = std::max<int64_t>(0, now - user.changes_ms);
    user.changes =
        std::min<double>(settings_.changes_per_minute, user.changes + static_cast<double>(passed) * per_ms);
    user.changes_ms = now;
    if (user.changes >= 1) {
        user.changes -= 1;
        return true;
    }
    *wait_ms = static_cast<int64_t>((1 - user.changes) / per_ms) + 1;
    return false;
}

bool Model::observe(std::string_view id, gw_conn_id connection) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return false;
    unobserve(id, connection);
    found->second.observers.push_back(connection);
    return true;
}

void Model::unobserve(std::string_view id, gw_conn_id connection) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    auto& all = found->second.observers;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](gw_conn_id one) { return one.generation == connection.generation; }),
              all.end());
}

void Model::heard(std::string_view id, int64_t now) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    Live& live = found->second;
    ++live.said;
    live.activity_ms = now;
    // Its deadline is looked at when it comes: a message does not move it, but for a warning that is void.
    if (live.warned) {
        live.warned = false;
        set_due(live, due_of(live));
    }
}

void Model::set_warned(std::string_view id, int64_t now) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    found->second.warned = true;
    set_due(found->second, std::max(now + 1, due_of(found->second)));
}

// --- agents ---

Desk& Model::desk(std::string_view id) {
    const auto found = desks_.find(id);
    if (found != desks_.end()) return found->second;
    const auto at = desks_.emplace(id, Desk()).first;
    Desk& made = at->second;
    made.id = at->first;
    made.agent.id = id;
    made.agent.status = settings_.agent_status;
    return made;
}

void Model::count_in(const Desk& desk, bool in) {
    size_t& count = connected_[static_cast<size_t>(desk.agent.status)];
    in ? ++count : --count;
}

void Model::rank(Desk& desk) {
    const auto load = static_cast<uint64_t>(desk.tickets.size());
    switch (settings_.assign_strategy) {
        case Strategy::least_loaded:
            desk.rank = {load, desk.idle};
            break;
        case Strategy::round_robin:
            desk.rank = {desk.assigned, 0};
            break;
        case Strategy::longest_idle:
            desk.rank = {load > 0 ? 1 : 0, desk.idle};
            break;
    }
}

// Something of it has changed: whether it is free, and its place among those who are.
void Model::change_desk(Desk& desk, bool becomes_idle, bool has_more_room) {
    if (desk.is_free) free_.erase({desk.rank, desk.id});
    if (becomes_idle) desk.idle = ++moves_;
    desk.is_free = desk.connections > 0 && desk.agent.status == Status::available &&
                   desk.tickets.size() < limit_of(desk);
    rank(desk);
    if (desk.is_free) {
        free_.insert({desk.rank, desk.id});
        if (has_more_room) freed_.emplace_back(desk.id);
    }
}

std::vector<std::string> Model::take_freed() {
    std::vector<std::string> freed;
    freed.swap(freed_);
    return freed;
}

std::vector<std::string> Model::take_gone(int64_t now) {
    std::vector<std::string> gone;
    for (auto& [id, desk] : desks_) {
        if (!is_due_gone(desk) || desk.gone_ms + settings_.reassign_grace_ms > now) continue;
        gone.push_back(id);
    }
    return gone;
}

bool Model::is_due_gone(const Desk& desk) {
    return desk.connections == 0 && desk.gone_ms > 0 && !desk.tickets.empty();
}

void Model::forget_if_nobody(std::string_view user, std::string_view agent) {
    const std::string user_id(user);
    const auto desk = desks_.find(agent);
    if (desk != desks_.end() && desk->second.is_nobody()) desks_.erase(desk);
    const auto found = users_.find(user_id);
    if (found == users_.end() || !found->second->is_nobody()) return;
    const std::unique_ptr<User> kept = std::move(found->second);  // its id is the key
    users_.erase(found);
}

// --- tickets ---

void Model::apply(const Fact& fact, int64_t now) {
    switch (fact.kind) {
        case Fact::Kind::timeout_nears:
            return set_warned(fact.ticket->id, now);
        case Fact::Kind::removed:
            return drop(fact.ticket->id);
        case Fact::Kind::agent_changed: {
            Desk& own = desk(fact.agent->id);
            if (own.connections > 0) count_in(own, false);
            own.agent = *fact.agent;
            own.is_kept = true;
            if (own.connections > 0) count_in(own, true);
            return change_desk(own, own.agent.status == Status::available && !own.is_free, true);
        }
        case Fact::Kind::said:
        case Fact::Kind::noted: {
            const Live* const live = find(fact.ticket->id);
            if (live && live->ticket == fact.ticket) return heard(fact.ticket->id, now);
            break;
        }
        default:
            break;
    }
    put(fact.ticket, now);
}

void Model::put(const TicketPtr& ticket, int64_t now) {
    const auto [at, made] = tickets_.try_emplace(ticket->id);
    Live& live = at->second;
    if (live.ticket == ticket) return;
    live.id = at->first;
    if (!made) unindex(live, ticket.get());
    live.ticket = ticket;
    live.said = 0;
    live.activity_ms = now;
    live.warned = false;
    if (!ticket->waits()) live.told_position = 0;
    index(live);
}

void Model::drop(std::string_view id) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return;
    unindex(found->second, nullptr);
    set_due(found->second, 0);
    tickets_.erase(found);
}

void Model::take_part(const Ticket& ticket, std::string_view id, bool in) {
    std::vector<std::string_view> those(ticket.participants.begin(), ticket.participants.end());
    those.push_back(ticket.customer);
    if (ticket.state != State::offered && !ticket.agent.empty()) those.push_back(ticket.agent);
    for (const std::string_view who : those) {
        User& one = user(who);
        if (in) {
            one.all.insert(id);
            if (ticket.is_open()) one.open.insert(id);
        } else {
            one.all.erase(id);
            one.open.erase(id);
        }
    }
}

void Model::index(Live& live) {
    const Ticket& ticket = *live.ticket;
    ++counts_[static_cast<size_t>(ticket.state)];
    if (ticket.waits()) {
        queue_.insert({static_cast<int>(ticket.priority), ticket.since_ms, live.id});
        if (live.told_position == 0) live.told_position = position(ticket);  // it is told so at once
    }
    if (!ticket.is_open()) closed_.insert({ticket.closed_ms, live.id});
    take_part(ticket, live.id, true);
    if (ticket.is_held()) {
        Desk& own = desk(ticket.agent);
        const bool is_new = own.tickets.insert(live.id).second;
        if (is_new) {
            own.assigned = ++moves_;
            change_desk(own, true, false);
        }
    }
    set_due(live, due_of(live));
}

// next: what comes in its place; null: nothing.
void Model::unindex(Live& live, const Ticket* next) {
    const TicketPtr kept = live.ticket;
    const Ticket& ticket = *kept;
    --counts_[static_cast<size_t>(ticket.state)];
    if (ticket.waits()) queue_.erase({static_cast<int>(ticket.priority), ticket.since_ms, live.id});
    if (!ticket.is_open()) closed_.erase({ticket.closed_ms, live.id});
    take_part(ticket, live.id, false);
    const bool stays = next && next->is_held() && next->agent == ticket.agent;
    if (ticket.is_held() && !stays) {
        Desk& own = desk(ticket.agent);
        own.tickets.erase(live.id);
        change_desk(own, true, true);
        forget_if_nobody({}, ticket.agent);
    }
    std::vector<std::string> those(ticket.participants.begin(), ticket.participants.end());
    those.push_back(ticket.customer);
    if (!ticket.agent.empty()) those.push_back(ticket.agent);
    for (const std::string& who : those) {
        if (next && next->is_in(who)) continue;
        forget_if_nobody(who, {});
    }
}

void Model::set_due(Live& live, int64_t due_ms) {
    if (live.due_ms > 0) due_.erase({live.due_ms, live.id});
    live.due_ms = due_ms;
    if (due_ms > 0) due_.insert({due_ms, live.id});
}

std::vector<std::string> Model::take_due(int64_t now, size_t limit) {
    std::vector<std::string> due;
    while (!due_.empty() && due_.begin()->first <= now && due.size() < limit) {
        Live& live = tickets_.find(due_.begin()->second)->second;
        due.emplace_back(live.id);
        set_due(live, 0);
    }
    return due;
}

void Model::plan_again(std::string_view id, int64_t not_before_ms) {
    const auto found = tickets_.find(id);
    if (found == tickets_.end() || found->second.due_ms > 0) return;
    const int64_t due = due_of(found->second);
    if (due > 0) set_due(found->second, std::max(due, not_before_ms));
}

// --- what the store has ---

void Model::clear() {
    queue_.clear();
    free_.clear();
    closed_.clear();
    due_.clear();
    tickets_.clear();
    counts_ = {};
    freed_.clear();
    for (auto desk = desks_.begin(); desk != desks_.end();) {
        Desk& own = desk->second;
        if (own.connections > 0) count_in(own, false);
        own.tickets.clear();
        own.is_kept = false;
        own.is_free = false;
        own.agent = Agent();
        own.agent.id = own.id;
        own.agent.status = settings_.agent_status;
        if (own.connections > 0) count_in(own, true);
        desk = own.is_nobody() ? desks_.erase(desk) : std::next(desk);
    }
    for (auto user = users_.begin(); user != users_.end();) {
        user->second->open.clear();
        user->second->all.clear();
        if (!user->second->is_nobody()) {
            ++user;
            continue;
        }
        const std::unique_ptr<User> kept = std::move(user->second);  // its id is the key
        user = users_.erase(user);
    }
}

void Model::load(Ticket ticket, int64_t now) {
    put(std::make_shared<const Ticket>(std::move(ticket)), now);
}

void Model::load(Agent agent) {
    Desk& own = desk(agent.id);
    if (own.connections > 0) count_in(own, false);
    own.agent = std::move(agent);
    own.is_kept = true;
    if (own.connections > 0) count_in(own, true);
}

void Model::settle_loaded(int64_t now) {
    for (auto& [id, desk] : desks_) {
        if (desk.connections == 0) desk.gone_ms = now;
        change_desk(desk, true, true);
    }
}

}  // namespace ticket
