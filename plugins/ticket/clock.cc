// Tickets: what comes of itself, looked at four times a second on the control thread: deadlines, agents who
// have gone for good, positions in the queue, the gauges.
#include "../common/json_object.h"
#include "notices.h"
#include "tickets.h"

namespace ticket {
namespace {

constexpr size_t max_expired = 1000;  // in one turn; the next one has the rest
constexpr int64_t look_again_ms = 1000;

}  // namespace

void Tickets::tick() {
    std::vector<Fact> warnings;
    const int64_t now = host_.wall_time_ms();
    if (ledger_->is_open()) {
        const std::lock_guard lock(mutex_);
        expire(now, &warnings);
        for (const std::string& agent : model_.take_gone(now)) {
            const auto& held = model_.find_desk(agent)->tickets;
            const std::vector<std::string> ids(held.begin(), held.end());
            for (const std::string& id : ids) {
                if (submit(model_.orphan(id, now).facts, nullptr, now)) break;
            }
        }
        feed(now);
    }
    tell(warnings, nullptr);
    tell_positions(now);
    show_counts();
}

void Tickets::expire(int64_t now, std::vector<Fact>* warnings) {
    for (const std::string& id : model_.take_due(now, max_expired)) {
        Plan plan = model_.expire(id, now);
        if (!plan.facts.empty() && plan.facts[0].kind == Fact::Kind::timeout_nears) {
            model_.apply(plan.facts[0], now);
            warnings->push_back(std::move(plan.facts[0]));
        } else if (!plan.facts.empty()) {
            submit(std::move(plan.facts), nullptr, now);
        }
        model_.plan_again(id, now + look_again_ms);
    }
}

// To customers whose position has changed, every position_interval.
void Tickets::tell_positions(int64_t now) {
    if (settings_.position_interval_ms == 0 || now - positions_ms_ < settings_.position_interval_ms) return;
    positions_ms_ = now;
    std::vector<std::pair<std::string, std::string>> frames;  // customer, frame
    {
        const std::lock_guard lock(mutex_);
        for (auto& [ticket, position] : model_.take_moved()) {
            Fact moved;
            moved.kind = Fact::Kind::queued;
            moved.ticket = ticket;
            frames.emplace_back(ticket->customer, notice(moved, position));
        }
    }
    for (const auto& [customer, frame] : frames)
        to_user(customer, frame);
}

void Tickets::show_counts() const {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < state_words.size(); ++i) {
        meters_.tickets.with({state_words[i]}).set(static_cast<double>(model_.count(static_cast<State>(i))));
    }
    for (size_t i = 0; i < status_words.size(); ++i) {
        meters_.agents.with({status_words[i]})
            .set(static_cast<double>(model_.connected(static_cast<Status>(i))));
    }
}

}  // namespace ticket
