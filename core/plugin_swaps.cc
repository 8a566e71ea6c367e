#include "core/plugin_swaps.h"

#include <algorithm>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/session/worker.h"
#include "gateway/ext/state.h"

namespace gatewayd {
namespace {

PluginInstancePtr named(const PluginInstances& instances, const std::string& name) {
    const auto found = std::find_if(instances.begin(), instances.end(),
                                    [&](const auto& instance) { return instance->settings.name == name; });
    return found == instances.end() ? nullptr : *found;
}

// What the answer says of each plugin.
std::vector<PluginReload::One> describe(const PluginChange& change) {
    std::vector<PluginReload::One> all;
    for (const PluginInstancePtr& to : change.coming) {
        PluginReload::One one;
        one.name = to->settings.name;
        one.to_generation = to->generation;
        one.to_version = to->library->note().version;
        one.action = "added";
        if (const PluginInstancePtr from = named(change.leaving, one.name)) {
            one.from_generation = from->generation;
            one.from_version = from->library->note().version;
            one.action =
                from->library->note().exclusive || to->library->note().exclusive ? "restarted" : "reloaded";
        }
        all.push_back(std::move(one));
    }
    for (const PluginInstancePtr& from : change.leaving) {
        if (named(change.coming, from->settings.name)) continue;
        PluginReload::One one;
        one.name = from->settings.name;
        one.action = "removed";
        one.from_generation = from->generation;
        one.from_version = from->library->note().version;
        all.push_back(std::move(one));
    }
    return all;
}

// Those that must stop before their next generation starts.
PluginInstances exclusive_of(const PluginChange& change) {
    PluginInstances exclusive;
    for (const PluginInstancePtr& from : change.leaving) {
        const PluginInstancePtr to = named(change.coming, from->settings.name);
        if (from->created && to && (from->library->note().exclusive || to->library->note().exclusive))
            exclusive.push_back(from);
    }
    return exclusive;
}

PluginReload answer(PluginReload::Outcome outcome, std::string why) {
    PluginReload report;
    report.outcome = outcome;
    report.why = std::move(why);
    return report;
}

}  // namespace

void PluginSwaps::begin(const PluginsSettings& target, const std::string& restart, PluginReloaded done) {
    using Outcome = PluginReload::Outcome;
    if (ended_) return done(answer(Outcome::ended, "the gateway is shutting down"));
    if (change_) return done(answer(Outcome::busy, "another reload is under way"));
    if (retirements_.size() >= max_draining_changes) {
        return done(
            answer(Outcome::busy,
                   "generations of " + std::to_string(max_draining_changes) +
                       " earlier reloads still drain; try again when GET /api/v1/plugins shows fewer, "
                       "or lower plugins.drain_timeout"));
    }
    const auto change = std::make_shared<Change>();
    change->done = std::move(done);
    change->began_ns = monotonic_now_ns();
    try {
        change->plan = plugins_->plan(target, restart);
    } catch (const std::exception& error) {
        return refuse(change, error);
    }
    if (change->plan.empty()) {
        change->report.outcome = Outcome::unchanged;
        return change->done(change->report);
    }
    change_ = change;
    change->report.plugins = describe(change->plan);
    change->exclusive = exclusive_of(change->plan);
    if (change->exclusive.empty()) return go_on(change);
    for (const PluginInstancePtr& instance : change->exclusive) {
        log::info("plugin reload: it is exclusive and stops first; on_error answers meanwhile",
                  {{"plugin", instance->settings.name}, {"generation", instance->generation}});
    }
    const PluginInstances exclusive = change->exclusive;
    publish(plugins_->switch_to_stand_ins(exclusive), nullptr);
    retire(
        exclusive, [this, change] { save_exclusive(change.get()); }, [this, change] { go_on(change); });
}

void PluginSwaps::save_exclusive(Change* change) {
    for (const PluginInstancePtr& instance : change->exclusive) {
        try {
            change->plan.saved[instance->settings.name] = save_state(*instance, GW_STATE_WHOLE);
        } catch (const PluginError& error) {
            log::error("plugin reload: the next generation begins without state", {{"why", error.what()}});
        }
    }
}

void PluginSwaps::go_on(const ChangePtr& change) {
    if (ended_) return;
    try {
        plugins_->start_coming(&change->plan);
    } catch (const std::exception& error) {
        if (!change->exclusive.empty()) publish(plugins_->put_back(change->exclusive, change->plan), nullptr);
        change_.reset();
        return refuse(change, error);
    }
    PluginInstances leaving;
    for (const PluginInstancePtr& instance : change->plan.leaving) {
        if (instance->created) leaving.push_back(instance);
    }
    // Before the switch: from then on the signals may come.
    retire(leaving, nullptr, nullptr);
    const std::shared_ptr<void> until_moved(
        nullptr, [post = post_, this, change](void*) { post([this, change] { finish(change); }); });
    publish(plugins_->switch_to(change->plan), until_moved);
}

void PluginSwaps::refuse(const ChangePtr& change, const std::exception& error) {
    if (const auto* of_plugin = dynamic_cast<const PluginError*>(&error))
        plugins_->count_failed(of_plugin->plugin());
    log::error("plugin reload: refused, the plugins that run go on", {{"why", error.what()}});
    change->report.outcome = PluginReload::Outcome::refused;
    change->report.why = error.what();
    change->report.plugins.clear();
    change->done(change->report);
}

void PluginSwaps::finish(const ChangePtr& change) {
    if (change_ != change) return;  // abandoned
    change_.reset();
    change->report.seconds = static_cast<double>(monotonic_now_ns() - change->began_ns) / 1e9;
    for (const PluginInstancePtr& instance : change->plan.coming)
        ++instance->lineage->swapped;
    for (const PluginReload::One& one : change->report.plugins) {
        log::info("plugin reload: in place", {{"plugin", one.name},
                                              {"action", one.action},
                                              {"from_generation", one.from_generation},
                                              {"from_version", one.from_version},
                                              {"to_generation", one.to_generation},
                                              {"to_version", one.to_version},
                                              {"seconds", change->report.seconds}});
    }
    change->done(change->report);
}

// Each reactor takes the chain in one turn of its own; `until_moved` is let go when all have moved who can.
void PluginSwaps::publish(const ChainPtr& chain, const std::shared_ptr<void>& until_moved) {
    for (Worker* worker : node_->workers) {
        worker->reactor().post([worker, chain, until_moved] { worker->enter(chain, until_moved); }, false);
    }
}

// --- the old generation ---

void PluginSwaps::retire(PluginInstances leaving, std::function<void()> before_stop,
                         std::function<void()> then) {
    if (leaving.empty()) return;
    const auto own = std::make_shared<Retirement>(control_);
    Retirement& retirement = *own;
    retirement.before_stop = std::move(before_stop);
    retirement.then = std::move(then);
    for (const PluginInstancePtr& instance : leaving) {
        if (instance->interceptor) retirement.in_chains.insert(instance->number);
        retirement.owed.insert(instance->number);
    }
    retirement.instances = std::move(leaving);
    retirements_.push_back(own);
    const std::weak_ptr<Retirement> weak = own;
    if (retirement.in_chains.empty()) {
        // Once the new set is in place: nothing waits for it to leave a chain that it never was in.
        post_([this, weak] {
            if (const auto alive = weak.lock()) stop(alive);
        });
        return;
    }
    retirement.deadline.expires_after(std::chrono::seconds(plugins_->drain_timeout_s()));
    retirement.deadline.async_wait([this, weak](const boost::system::error_code& error) {
        const auto alive = weak.lock();
        if (!error && alive) drain_now(*alive);
    });
}

void PluginSwaps::drain_now(const Retirement& retirement) {
    LeavingPlugins leaving;
    for (const PluginInstancePtr& instance : retirement.instances) {
        log::warn(
            "plugin reload: plugins.drain_timeout is over; what it has put aside goes on in the next "
            "generation",
            {{"plugin", instance->settings.name}, {"generation", instance->generation}});
        leaving.push_back(instance->interceptor.get());
    }
    for (Worker* worker : node_->workers)
        worker->reactor().post([worker, leaving] { worker->drain(leaving); }, false);
}

void PluginSwaps::left(uint64_t number) {
    for (const RetirementPtr& retirement : std::list<RetirementPtr>(retirements_)) {
        if (retirement->in_chains.erase(number) > 0) {
            if (retirement->in_chains.empty()) stop(retirement);
            return;
        }
        if (retirement->owed.erase(number) == 0) continue;
        for (const PluginInstancePtr& instance : retirement->instances) {
            if (instance->number == number) plugins_->destroy_left(instance);
        }
        return end_if_over(retirement);
    }
}

// No hook of them runs any more.
void PluginSwaps::stop(const RetirementPtr& retirement) {
    retirement->deadline.cancel();
    for (const PluginInstancePtr& instance : retirement->instances) {
        log::info("plugin reload: drained, no hook of it runs any more",
                  {{"plugin", instance->settings.name}, {"generation", instance->generation}});
    }
    if (retirement->before_stop) {  // nobody takes its place yet: who uses it does without
        for (const PluginInstancePtr& instance : retirement->instances)
            instance->services->withdraw(instance.get());
        retirement->before_stop();
    }
    retirement->to_stop = retirement->instances;
    // Users of services before those who offer them.
    std::stable_sort(retirement->to_stop.begin(), retirement->to_stop.end(),
                     [](const auto& a, const auto& b) { return a->start_number > b->start_number; });
    try_stop(retirement);
    if (retirement->to_stop.empty()) return;
    const std::weak_ptr<Retirement> weak = retirement;
    retirement->deadline.expires_after(std::chrono::seconds(plugins_->drain_timeout_s()));
    retirement->deadline.async_wait([this, weak](const boost::system::error_code& error) {
        const auto alive = weak.lock();
        if (error || !alive) return;
        for (const PluginInstancePtr& instance : std::exchange(alive->to_stop, {})) {
            plugins_->abandon_left(instance);
            alive->owed.erase(instance->number);
        }
        end_if_over(alive);
    });
}

void PluginSwaps::try_stop(const RetirementPtr& retirement) {
    PluginInstances pinned;
    for (const PluginInstancePtr& instance : std::exchange(retirement->to_stop, {})) {
        if (!plugins_->stop_left(instance, !retirement->before_stop)) pinned.push_back(instance);
    }
    retirement->to_stop = std::move(pinned);
}

void PluginSwaps::released() {
    for (const RetirementPtr& retirement : std::list<RetirementPtr>(retirements_))
        try_stop(retirement);
}

void PluginSwaps::end_if_over(const RetirementPtr& retirement) {
    if (!retirement->owed.empty()) return;
    const std::function<void()> then = std::move(retirement->then);
    retirements_.remove(retirement);
    if (then) then();
}

void PluginSwaps::abandon() {
    ended_ = true;
    retirements_.clear();
    if (const ChangePtr change = std::exchange(change_, nullptr)) {
        for (const PluginInstancePtr& instance : change->plan.coming) {
            if (!instance->started) destroy_instance(*instance);  // else it is in the new set
        }
        change->report = answer(PluginReload::Outcome::ended, "the gateway is shutting down");
        change->done(change->report);
    }
}

}  // namespace gatewayd
