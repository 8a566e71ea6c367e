#include "core/plugins/host.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "core/base/log.h"
#include "core/base/ticks.h"
#include "core/plugins/host_table.h"
#include "core/plugins/permissions.h"
#include "core/plugins/start_order.h"

namespace gatewayd {
namespace {

// How long a plugin's end waits for those who still hold one of its services.
constexpr uint32_t service_release_timeout_ms = 2000;

// The stages in the order of the chain; GW_STAGE_MESSAGE, the default, is the last.
uint32_t stage_rank(uint32_t stage) {
    return stage == GW_STAGE_MESSAGE ? GW_STAGE_TICKETS + 1 : stage;
}

const char* stage_name(uint32_t stage) {
    switch (stage) {
        case GW_STAGE_HANDSHAKE:
            return "handshake";
        case GW_STAGE_AUTH:
            return "auth";
        case GW_STAGE_LIMITS:
            return "limits";
        case GW_STAGE_GROUPS:
            return "groups";
        case GW_STAGE_TICKETS:
            return "tickets";
        default:
            return "message";
    }
}

std::string text_of(gw_error& error) {
    error.message[sizeof error.message - 1] = '\0';
    return error.message[0] ? error.message : "no reason given (code " + std::to_string(error.code) + ")";
}

// Calls of [control] functions: a plugin's exception must not cross into us.
template <typename Call>
int32_t guarded(const PluginInstance& plugin, const char* function, gw_error* error, Call&& call) {
    *error = gw_error{};
    error->struct_size = sizeof *error;
    try {
        const CallScope scope(plugin.library->tag().get(), function);
        return call();
    } catch (const std::exception& failure) {
        std::snprintf(error->message, sizeof error->message, "an exception left the plugin: %s",
                      failure.what());
        return GW_E_FAIL;
    } catch (...) {
        std::snprintf(error->message, sizeof error->message, "an exception left the plugin");
        return GW_E_FAIL;
    }
}

// The calls that end a plugin; nothing stops on their account.
void ending(const PluginInstance& plugin, const char* function, void (*call)(void* self)) {
    gw_error error;
    const int32_t result = guarded(plugin, function, &error, [&] {
        call(plugin.self);
        return GW_OK;
    });
    if (result != GW_OK) {
        log::error("plugin failed",
                   {{"plugin", plugin.settings.name}, {"function", function}, {"what", error.message}});
    }
}

// What the callbacks of a plugin that only offers services are counted on.
std::shared_ptr<const Interceptor> blamed_alone(const PluginInstance& plugin) {
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = plugin.settings.name;
    interceptor->tag = plugin.library->tag();
    return interceptor;
}

[[noreturn]] void fail(const PluginInstance& plugin, const std::string& what) {
    const std::string& file = plugin.library ? plugin.library->path() : plugin.settings.path;
    throw PluginError(plugin.settings.name, file, what);
}

// What would let everyone in when a plugin that guards the door fails; null: nothing.
const char* unsafe_setting(const PluginInstance& plugin) {
    if (!is_guard_stage(plugin.stage) || plugin.settings.allow_unsafe) return nullptr;
    if (plugin.settings.on_error == OnError::open) {
        return "on_error: open lets everyone in when this plugin fails; set allow_unsafe: true beside it if "
               "that is meant";
    }
    if (plugin.settings.on_crash == OnCrash::skip) {
        return "on_crash: skip lets everyone in when this plugin crashed; set allow_unsafe: true beside it "
               "if "
               "that is meant";
    }
    if (plugin.settings.on_overrun == OnOverrun::bypass) {
        return "on_overrun: bypass lets everyone in when this plugin is slow; set allow_unsafe: true beside "
               "it "
               "if that is meant, or use reject";
    }
    return nullptr;
}

void set_budget(const PluginSettings& settings, Interceptor* interceptor) {
    if (settings.budget_ms <= 0) return;
    Budget budget;
    budget.ns = static_cast<uint64_t>(settings.budget_ms * 1e6);
    budget.action = static_cast<OverrunAction>(settings.on_overrun);
    budget.limit = settings.overrun_limit;
    budget.retry_ns = uint64_t{settings.overrun_retry_ms} * 1'000'000;
    interceptor->set_budget(budget);
}

}  // namespace

PluginHost::~PluginHost() {
    stop();
    chain_.reset();
    for (PluginInstance* plugin : ending_order())
        destroy_one(*plugin);
    // What is left as it is must not lose its instance either: functions that others hold may use it.
    for (auto& instance : instances_) {
        if (instance->abandoned) static_cast<void>(instance.release());
    }
}

void PluginHost::destroy_one(PluginInstance& plugin) {
    if (!plugin.created || plugin.abandoned) return;
    ending(plugin, "destroy", plugin.library->plugin().destroy);
    plugin.created = false;
    services_->destroyed(&plugin);
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

bool PluginHost::leaves_out(const PluginSettings& settings, const std::string& path) {
    if (!crashes_) return false;
    PluginLibrary::Verified file = PluginLibrary::verify(settings.name, path);
    SkipDecision decision = decide_to_skip(settings, file, *crashes_, settings_.crash_limit);
    if (decision.why.empty()) return false;
    log::error(decision.skip ? "a plugin is left out" : "a plugin is loaded that crashes",
               {{"plugin", settings.name}, {"crashes", decision.crashes}, {"file", file.path}});
    warnings_.push_back(decision.why);
    if (decision.skip)
        skipped_.push_back({settings, std::move(file), decision.crashes, std::move(decision.why)});
    return decision.skip;
}

std::unique_ptr<PluginInstance> PluginHost::create_one(const PluginSettings& settings) {
    const std::string path = plugin_path(settings, settings_);
    if (leaves_out(settings, path)) return nullptr;
    auto instance = std::make_unique<PluginInstance>();
    PluginInstance& plugin = *instance;
    plugin.settings = settings;
    plugin.services = services_;
    plugin.callbacks.instance = &plugin;
    plugin.library = PluginLibrary::load(settings.name, path, host_table());
    plugin.callbacks.blamed = blamed_alone(plugin);
    if (const std::string problem = permission_problem(plugin.library->path()); !problem.empty()) {
        log::warn("plugin loaded although it is not safe from others",
                  {{"plugin", settings.name}, {"file", plugin.library->path()}, {"why", problem}});
    }
    gw_error error;
    const auto* config = reinterpret_cast<const gw_node*>(settings.config.get());
    const int32_t result = guarded(plugin, "create", &error, [&] {
        return plugin.library->plugin().create(host_table(), to_abi(&plugin), config, &plugin.self, &error);
    });
    release_configuration_texts();
    if (result != GW_OK) {
        forget_one(plugin);
        fail(plugin, "create failed: " + text_of(error));
    }
    plugin.created = true;
    if (plugin.library->interceptor()) make_interceptor(plugin);
    return instance;
}

void PluginHost::make_interceptor(PluginInstance& plugin) {
    const PluginSettings& settings = plugin.settings;
    const gw_interceptor* table = plugin.library->interceptor();
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = settings.name;
    interceptor->table = *table;
    interceptor->self = plugin.self;
    interceptor->instance = &plugin;
    interceptor->tag = plugin.library->tag();
    interceptor->fails_open = settings.on_error == OnError::open;
    gw_error error;
    const int32_t asked = guarded(plugin, "wants", &error, [&] {
        table->wants(plugin.self, &interceptor->kinds, &interceptor->events);
        plugin.order = table->order(plugin.self);
        return GW_OK;
    });
    plugin.stage = table->stage;
    plugin.interceptor = interceptor;
    plugin.callbacks.blamed = interceptor;
    plugin.callbacks.intercepts = true;
    const char* problem = asked != GW_OK            ? "wants or order failed"
                          : interceptor->kinds >> 5 ? "wants names kinds that this host does not know"
                          : interceptor->kinds && !table->intercept ? "wants requests but has no intercept"
                          : interceptor->events && !table->on_event ? "wants events but has no on_event"
                          : plugin.stage > GW_STAGE_TICKETS ? "names a stage that this host does not know"
                                                            : unsafe_setting(plugin);
    set_budget(settings, interceptor.get());
    if (!problem) return;
    forget_one(plugin);
    destroy_one(plugin);
    fail(plugin, problem);
}

void PluginHost::create() {
    set_up_ticks();
    for (const PluginSettings& settings : settings_.load) {
        if (auto instance = create_one(settings)) instances_.push_back(std::move(instance));
    }
    order();
    start_order_ = start_order(all());
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (const auto& instance : instances_) {
        if (instance->interceptor) interceptors.push_back(instance->interceptor);
    }
    chain_ = std::make_shared<InterceptorChain>(std::move(interceptors));
    log_chain();
}

// Listed plugins keep the list's order. Unlisted ones, by (stage, order, name), go before the first listed
// plugin of a later stage.
void PluginHost::order() {
    std::vector<std::unique_ptr<PluginInstance>> unlisted;
    std::vector<std::unique_ptr<PluginInstance>> ordered;
    for (auto& instance : instances_)
        (instance->settings.listed ? ordered : unlisted).push_back(std::move(instance));
    std::stable_sort(unlisted.begin(), unlisted.end(), [](const auto& a, const auto& b) {
        return std::make_tuple(stage_rank(a->stage), a->order, std::string_view(a->settings.name)) <
               std::make_tuple(stage_rank(b->stage), b->order, std::string_view(b->settings.name));
    });
    for (auto& instance : unlisted) {
        const auto before = std::find_if(ordered.begin(), ordered.end(), [&](const auto& other) {
            return other->settings.listed && stage_rank(other->stage) > stage_rank(instance->stage);
        });
        ordered.insert(before, std::move(instance));
    }
    instances_ = std::move(ordered);
}

void PluginHost::log_chain() const {
    std::string names;
    for (const auto& instance : instances_)
        names += (names.empty() ? "" : " -> ") + instance->settings.name;
    log::info("plugin chain", {{"order", names.empty() ? "(no plugins)" : std::string_view(names)}});
    for (const auto& instance : instances_) {
        const PluginLibrary& library = *instance->library;
        log::info("plugin", {{"name", instance->settings.name},
                             {"id", library.note().id},
                             {"version", library.note().version},
                             {"stage", stage_name(instance->stage)},
                             {"on_error", instance->settings.on_error == OnError::open ? "open" : "closed"},
                             {"file", library.path()}});
    }
}

std::vector<PluginInstance*> PluginHost::all() const {
    std::vector<PluginInstance*> found;
    for (const auto& instance : instances_)
        found.push_back(instance.get());
    return found;
}

// When create() failed there is no order of starts, and nothing was started.
std::vector<PluginInstance*> PluginHost::ending_order() const {
    std::vector<PluginInstance*> order = start_order_.empty() ? all() : start_order_;
    std::reverse(order.begin(), order.end());
    return order;
}

void PluginHost::start() {
    for (PluginInstance* plugin : start_order_)
        start_one(*plugin);
}

void PluginHost::start_one(PluginInstance& plugin) {
    for (const std::string& service : plugin.required_services) {
        if (services_->service_registry().is_offered(service)) continue;
        fail(plugin, "needs the service " + service + ", which the plugin " +
                         provider_of(all(), service)->settings.name +
                         " offers by its note, but did not publish in create or start");
    }
    const gw_plugin& table = plugin.library->plugin();
    gw_error error;
    plugin.callbacks.open = true;
    const int32_t result =
        table.start ? guarded(plugin, "start", &error, [&] { return table.start(plugin.self, &error); })
                    : GW_OK;
    if (result != GW_OK) fail(plugin, "start failed: " + text_of(error));
    plugin.started = true;
    services_->adopt(&plugin, nullptr);
}

void PluginHost::quiesce() {
    for (PluginInstance* plugin : ending_order()) {
        const gw_plugin& table = plugin->library->plugin();
        if (plugin->started && table.quiesce) ending(*plugin, "quiesce", table.quiesce);
    }
}

void PluginHost::stop() {
    for (PluginInstance* plugin : ending_order())
        stop_one(*plugin);
}

void PluginHost::forget_one(PluginInstance& plugin) {
    plugin.callbacks.open = false;
    if (!std::exchange(plugin.forgotten, true)) services_->forget(&plugin);
}

// Its users are stopped before it, so whoever holds a service of it still runs against the rules.
void PluginHost::stop_one(PluginInstance& plugin) {
    ServiceRegistry& services = services_->service_registry();
    if (plugin.abandoned || !plugin.created) return;
    if (!services.await_released(&plugin, service_release_timeout_ms)) {
        std::string who;
        for (const std::string& holder : services.holders(&plugin))
            who += (who.empty() ? "" : ", ") + holder;
        log::error("plugin is neither stopped nor destroyed: others hold its services after their stop",
                   {{"plugin", plugin.settings.name}, {"who", who}});
        plugin.abandoned = true;
        forget_one(plugin);
        return;
    }
    const gw_plugin& table = plugin.library->plugin();
    if (plugin.started && table.stop) ending(plugin, "stop", table.stop);
    forget_one(plugin);
    plugin.started = false;
}

bool PluginHost::verifies_identities() const {
    return std::any_of(instances_.begin(), instances_.end(), [](const auto& instance) {
        return instance->interceptor && instance->stage == GW_STAGE_AUTH;
    });
}

}  // namespace gatewayd
