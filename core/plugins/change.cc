// PluginHost's steps of a change from one set of plugins to the next (core/plugin_swaps.h has their order).
#include <algorithm>
#include <stdexcept>

#include "core/base/log.h"
#include "core/config/difference.h"
#include "core/plugins/chain_order.h"
#include "core/plugins/host.h"
#include "core/plugins/start_order.h"
#include "gateway/ext/state.h"

namespace gatewayd {
namespace {

// What came for a change that does not take place.
void undo(PluginInstances* coming) {
    std::stable_sort(coming->begin(), coming->end(),
                     [](const auto& a, const auto& b) { return a->start_number > b->start_number; });
    for (const PluginInstancePtr& instance : *coming) {
        quiesce_instance(*instance);
        stop_instance(*instance);
        destroy_instance(*instance);
    }
    coming->clear();
}

}  // namespace

PluginInstancePtr PluginHost::find(std::string_view name) const {
    for (const PluginInstancePtr& instance : instances_) {
        if (instance->settings.name == name) return instance;
    }
    return nullptr;
}

PluginChange PluginHost::plan(const PluginsSettings& settings, std::string_view restart) {
    PluginChange change;
    change.settings = settings;
    PluginInstances all;
    try {
        for (const PluginSettings& entry : settings.load) {
            const PluginLibrary::File file = PluginLibrary::read(entry.name, plugin_path(entry, settings));
            // Who asks for it by its name gets it.
            if (entry.name != restart && leaves_out(entry, file, settings.crash_limit, &change.skipped))
                continue;
            PluginInstancePtr old = find(entry.name);
            const bool stays = old && old->started && entry.name != restart &&
                               is_same(old->settings, entry) && old->library->path() == file.path &&
                               old->library->fingerprint() == file.fingerprint;
            if (!stays) {
                change.coming.push_back(create_one(entry, file));
                log_plugin("plugin reload: created", *change.coming.back());
            }
            all.push_back(stays ? old : change.coming.back());
        }
        static_cast<void>(start_order(pointers_to(all)));  // throws when there is none
    } catch (...) {
        undo(&change.coming);
        throw;
    }
    change.next = in_chain_order(all);
    PluginInstances stay_before;
    PluginInstances stay_after;
    for (const PluginInstancePtr& instance : instances_)
        (contains(change.next, instance) ? stay_before : change.leaving).push_back(instance);
    change.coming.clear();
    for (const PluginInstancePtr& instance : change.next)
        (contains(instances_, instance) ? stay_after : change.coming).push_back(instance);
    change.reordered = stay_before != stay_after;
    return change;
}

// A service of a plugin that was not there before is offered at once, so that others that come may acquire
// it; what takes another's place is offered when that one leaves.
void PluginHost::start_coming(PluginChange* change) {
    try {
        for (PluginInstance* plugin : start_order(pointers_to(change->next))) {
            if (plugin->started) continue;
            const std::string& name = plugin->settings.name;
            const PluginInstancePtr old = find(name);
            const bool replaces = old && old->started;
            if (const auto saved = change->saved.find(name); saved != change->saved.end()) {
                load_state(*plugin, GW_STATE_WHOLE, saved->second);
            } else if (replaces) {
                load_state(*plugin, GW_STATE_WHOLE, save_state(*old, GW_STATE_WHOLE));
            }
            start_one(*plugin, change->next);
            if (!replaces) services_->adopt(plugin, nullptr);
            log::info("plugin reload: started", {{"plugin", name}, {"generation", plugin->generation}});
        }
    } catch (...) {
        undo(&change->coming);
        throw;
    }
}

// They are in no chain that is made from now on.
void PluginHost::leave(const PluginInstances& leaving) {
    for (const PluginInstancePtr& instance : leaving) {
        instance->state = PluginInstance::State::draining;
        instance->lease.reset();
        leaving_.push_back(instance);
    }
}

ChainPtr PluginHost::switch_to(const PluginChange& change) {
    PluginInstances leaving;
    for (const PluginInstancePtr& instance : change.leaving) {
        if (instance->created) leaving.push_back(instance);  // else it had to stop first, or never came
    }
    settings_ = change.settings;
    skipped_ = change.skipped;
    instances_ = change.next;
    chain_ = make_chain();
    leave(leaving);
    publish_view();
    log_chain();
    // Services: who uses them is told by the chain that is in place now.
    for (const PluginInstancePtr& instance : leaving) {
        const PluginInstancePtr next = find(instance->settings.name);
        services_->adopt(next.get(), instance.get());
    }
    for (auto instance = leaving.rbegin(); instance != leaving.rend(); ++instance)
        quiesce_instance(**instance);
    return chain_;
}

ChainPtr PluginHost::switch_to_stand_ins(const PluginInstances& leaving) {
    leave(leaving);
    for (const PluginInstancePtr& instance : leaving)
        instance->state = PluginInstance::State::restarting;
    chain_ = make_chain();  // without a lease: a stand-in
    publish_view();
    for (auto instance = leaving.rbegin(); instance != leaving.rend(); ++instance)
        quiesce_instance(**instance);
    return chain_;
}

ChainPtr PluginHost::put_back(const PluginInstances& gone, const PluginChange& change) {
    for (const PluginInstancePtr& old : gone) {
        const auto place = std::find(instances_.begin(), instances_.end(), old);
        if (place == instances_.end()) continue;
        try {
            PluginInstancePtr again =
                create_instance(old->settings, old->library, old->lineage, services_, signal_);
            try {
                const auto saved = change.saved.find(old->settings.name);
                if (saved != change.saved.end()) load_state(*again, GW_STATE_WHOLE, saved->second);
                start_one(*again, instances_);
                services_->adopt(again.get(), nullptr);
            } catch (...) {
                destroy_instance(*again);
                throw;
            }
            *place = std::move(again);
        } catch (const std::runtime_error& error) {
            old->state = PluginInstance::State::failed;
            log::error(
                "plugin reload: the plugin is gone: neither its new nor its old generation starts; on_error "
                "answers what it should see, until a reload succeeds",
                {{"plugin", old->settings.name}, {"why", error.what()}});
        }
    }
    chain_ = make_chain();
    publish_view();
    return chain_;
}

bool PluginHost::stop_left(const PluginInstancePtr& instance, bool moves_rest) {
    PluginInstance& plugin = *instance;
    if (services_->service_registry().pinned(&plugin)) return false;
    const PluginInstancePtr next = find(plugin.settings.name);
    if (moves_rest && next && next->started && next != instance) {
        try {
            load_state(*next, GW_STATE_REST, save_state(plugin, GW_STATE_REST));
        } catch (const PluginError& error) {
            log::error("plugin reload: what changed in the old generation meanwhile is lost",
                       {{"plugin", plugin.settings.name}, {"why", error.what()}});
        }
    }
    stop_instance(plugin);
    log::info("plugin reload: stopped",
              {{"plugin", plugin.settings.name}, {"generation", plugin.generation}});
    plugin.calls.reset();
    return true;
}

void PluginHost::abandon_left(const PluginInstancePtr& instance) {
    std::string who;
    for (const std::string& holder : services_->service_registry().holders(instance.get()))
        who += (who.empty() ? "" : ", ") + holder;
    log::error("plugin reload: the old generation is neither stopped nor destroyed: others hold its services",
               {{"plugin", instance->settings.name}, {"generation", instance->generation}, {"who", who}});
    instance->abandoned = true;
    abandoned_.push_back(instance);
}

void PluginHost::destroy_left(const PluginInstancePtr& instance) {
    destroy_instance(*instance);
    log::info("plugin reload: the old generation is gone",
              {{"plugin", instance->settings.name}, {"generation", instance->generation}});
    leaving_.erase(std::remove(leaving_.begin(), leaving_.end(), instance), leaving_.end());
    old_libraries_.push_back(instance->library);
    while (old_libraries_.size() > settings_.old_libraries)
        old_libraries_.pop_front();
    publish_view();
}

}  // namespace gatewayd
