#include "core/plugins/host.h"

#include <algorithm>
#include <stdexcept>

#include "core/base/log.h"
#include "core/base/ticks.h"
#include "core/chain/hook_call.h"
#include "core/plugins/chain_order.h"
#include "core/plugins/host_table.h"
#include "core/plugins/permissions.h"
#include "core/plugins/start_order.h"

namespace gatewayd {
namespace {

// How long a plugin's end waits for those who still hold one of its services.
constexpr uint32_t service_release_timeout_ms = 2000;

}  // namespace

uint64_t PluginView::connections_of(const PluginInstance& instance) const {
    uint64_t connections = 0;
    for (const auto& chain : chains) {
        const ChainPtr alive = chain.lock();
        if (alive && instance.interceptor && alive->has(instance.interceptor.get()))
            connections += alive->connections.load(std::memory_order_relaxed);
    }
    return connections;
}

// --- from nothing, and to the end ---

PluginHost::~PluginHost() {
    stop();
    chain_.reset();
    for (const PluginInstancePtr& instance : ending_order())
        destroy_instance(*instance);
    // What is left as it is must not lose its instance either: functions that others hold may use it.
    for (const PluginInstancePtr& instance : ending_order()) {
        if (instance->abandoned) static_cast<void>(new PluginInstancePtr(instance));
    }
}

std::string plugin_path(const PluginSettings& plugin, const PluginsSettings& all) {
    if (!plugin.path.empty()) return plugin.path;
    std::vector<std::string> folders = all.path;
    if (folders.empty()) folders.push_back(default_plugin_folder());
    try {
        return find_plugin(plugin.name, folders);
    } catch (const PluginError& error) {
        if (plugin.required_by.empty()) throw;
        throw std::runtime_error(plugin.location + ": " + plugin.required_by + " needs the plugin " +
                                 plugin.name + ", which is not installed: " + error.what());
    }
}

bool PluginHost::leaves_out(const PluginSettings& settings, const PluginLibrary::File& file,
                            uint32_t crash_limit, std::vector<SkippedPlugin>* skipped) {
    if (!crashes_) return false;
    PluginLibrary::Verified verified = PluginLibrary::verify(settings.name, file);
    SkipDecision decision = decide_to_skip(settings, verified, *crashes_, crash_limit);
    if (decision.why.empty()) return false;
    log::error(decision.skip ? "a plugin is left out" : "a plugin is loaded that crashes",
               {{"plugin", settings.name}, {"crashes", decision.crashes}, {"file", file.path}});
    warnings_.push_back(decision.why);
    if (decision.skip)
        skipped->push_back({settings, std::move(verified), decision.crashes, std::move(decision.why)});
    return decision.skip;
}

PluginInstancePtr PluginHost::create_one(const PluginSettings& settings, const PluginLibrary::File& file) {
    auto library = PluginLibrary::load_copy(settings.name, file, &folder_, host_table());
    if (const std::string problem = permission_problem(file.path); !problem.empty()) {
        log::warn("plugin loaded although it is not safe from others",
                  {{"plugin", settings.name}, {"file", file.path}, {"why", problem}});
    }
    return create_instance(settings, std::move(library), lineage_of(settings.name), services_, signal_);
}

std::shared_ptr<PluginLineage> PluginHost::lineage_of(const std::string& name) {
    auto& lineage = lineages_[name];
    if (!lineage) {
        lineage = std::make_shared<PluginLineage>();
        lineage->name = name;
    }
    return lineage;
}

void PluginHost::create() {
    set_up_ticks();
    for (const PluginSettings& settings : settings_.load) {
        const PluginLibrary::File file = PluginLibrary::read(settings.name, plugin_path(settings, settings_));
        if (leaves_out(settings, file, settings_.crash_limit, &skipped_)) continue;
        instances_.push_back(create_one(settings, file));
    }
    instances_ = in_chain_order(instances_);
    static_cast<void>(start_order(pointers_to(instances_)));  // throws when there is none
    chain_ = make_chain();
    publish_view();
    log_chain();
    for (const PluginInstancePtr& instance : instances_)
        log_plugin("plugin", *instance);
}

ChainPtr PluginHost::make_chain() {
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (const PluginInstancePtr& instance : instances_) {
        if (instance->lease) {
            interceptors.push_back(instance->lease);
        } else if (instance->interceptor) {
            interceptors.push_back(stand_in_for(*instance));
        }
    }
    ChainPtr chain = std::make_shared<InterceptorChain>(std::move(interceptors));
    chains_.erase(
        std::remove_if(chains_.begin(), chains_.end(), [](const auto& old) { return old.expired(); }),
        chains_.end());
    chains_.push_back(chain);
    return chain;
}

void PluginHost::publish_view() {
    auto view = std::make_shared<PluginView>();
    view->current = instances_;
    view->leaving = leaving_;
    view->skipped = skipped_;
    view->chains = chains_;
    view->verifies_identities = std::any_of(instances_.begin(), instances_.end(), [](const auto& instance) {
        return instance->interceptor && instance->stage == GW_STAGE_AUTH;
    });
    const std::lock_guard lock(view_mutex_);
    view_ = std::move(view);
}

std::shared_ptr<const PluginView> PluginHost::view() const {
    const std::lock_guard lock(view_mutex_);
    return view_;
}

void PluginHost::log_chain() const {
    std::string names;
    for (const PluginInstancePtr& instance : instances_)
        names += (names.empty() ? "" : " -> ") + instance->settings.name;
    log::info("plugin chain", {{"order", names.empty() ? "(no plugins)" : std::string_view(names)}});
}

// The reverse of their starts: whoever uses a service before whoever offers it. What was not started last.
PluginInstances PluginHost::ending_order() const {
    PluginInstances all = instances_;
    for (const PluginInstances* more : {&leaving_, &abandoned_}) {
        for (const PluginInstancePtr& instance : *more) {
            if (!contains(all, instance)) all.push_back(instance);
        }
    }
    std::reverse(all.begin(), all.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a->start_number > b->start_number; });
    return all;
}

void PluginHost::start() {
    for (PluginInstance* plugin : start_order(pointers_to(instances_))) {
        start_one(*plugin, instances_);
        services_->adopt(plugin, nullptr);
    }
}

void PluginHost::start_one(PluginInstance& plugin, const PluginInstances& all) {
    for (const std::string& service : plugin.required_services) {
        if (services_->service_registry().is_offered(service)) continue;
        const auto provider = std::find_if(all.begin(), all.end(), [&](const auto& other) {
            return other->library->note().offers_service(service);
        });
        throw PluginError(
            plugin.settings.name, plugin.library->path(),
            "needs the service " + service + ", which " +
                (provider == all.end() ? "no loaded plugin offers"
                                       : "the plugin " + (*provider)->settings.name +
                                             " offers by its note, but did not publish in create or start"));
    }
    start_instance(plugin);
}

void PluginHost::quiesce() {
    for (const PluginInstancePtr& instance : ending_order())
        quiesce_instance(*instance);
}

void PluginHost::stop() {
    for (const PluginInstancePtr& instance : ending_order()) {
        services_->plugin_events().deliver_all();  // to those that still run
        stop_at_end(*instance);
    }
}

// Its users are stopped before it, so whoever holds a service of it still runs against the rules.
void PluginHost::stop_at_end(PluginInstance& plugin) {
    ServiceRegistry& services = services_->service_registry();
    if (plugin.abandoned || !plugin.created) return;
    if (!services.await_released(&plugin, service_release_timeout_ms)) {
        std::string who;
        for (const std::string& holder : services.holders(&plugin))
            who += (who.empty() ? "" : ", ") + holder;
        log::error("plugin is neither stopped nor destroyed: others hold its services after their stop",
                   {{"plugin", plugin.settings.name}, {"who", who}});
        plugin.abandoned = true;
        forget_instance(plugin);
        return;
    }
    stop_instance(plugin);
}

void PluginHost::emit_to(const PluginInstance& instance, uint64_t type) {
    if (!instance.created || !instance.interceptor || !(instance.interceptor->events & type)) return;
    const Interceptor& interceptor = *instance.interceptor;
    gw_event event{};
    event.struct_size = sizeof event;
    event.type = type;
    call_hook(RunningHook(&interceptor, Hook::on_event, nullptr, nullptr), [&] {
        interceptor.table.on_event(interceptor.self, nullptr, &event);
        return GW_OK;
    });
}

}  // namespace gatewayd
