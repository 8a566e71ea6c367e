#include "core/plugins/instance_life.h"

#include <cstdio>
#include <exception>
#include <utility>

#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/plugins/host_table.h"
#include "core/plugins/table_copy.h"
#include "gateway/ext/state.h"

namespace gatewayd {
namespace {

constexpr uint32_t state_size_1 = 24;  // of gw.state/1, for ever
static_assert(sizeof(gw_state_v1) == state_size_1);

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

[[noreturn]] void fail(const PluginInstance& plugin, const std::string& what) {
    throw PluginError(plugin.settings.name, plugin.library->path(), what);
}

// What would let everyone in when a plugin that guards the door fails; empty: nothing.
std::string unsafe_setting(const PluginInstance& plugin) {
    const PluginSettings& settings = plugin.settings;
    if (!is_guard_stage(plugin.stage) || settings.allow_unsafe) return {};
    if (settings.on_error == OnError::open) {
        return "on_error: open lets everyone in when this plugin fails; set allow_unsafe: true beside it if "
               "that is meant";
    }
    if (settings.on_crash == OnCrash::skip) {
        return "on_crash: skip lets everyone in when this plugin crashed; set allow_unsafe: true beside it "
               "if that is meant";
    }
    if (settings.on_overrun == OnOverrun::bypass) {
        return "on_overrun: bypass lets everyone in when this plugin is slow; set allow_unsafe: true beside "
               "it if that is meant, or use reject";
    }
    return {};
}

// Why its interceptor may not be in a chain; empty: it may.
std::string ask_interceptor(PluginInstance& plugin, Interceptor* interceptor) {
    const gw_interceptor& table = *plugin.library->interceptor();
    gw_error error;
    const int32_t asked = guarded(plugin, "wants", &error, [&] {
        table.wants(plugin.self, &interceptor->kinds, &interceptor->events);
        plugin.order = table.order(plugin.self);
        return GW_OK;
    });
    plugin.stage = table.stage;
    if (asked != GW_OK) return "wants or order failed";
    if (interceptor->kinds >> 5) return "wants names kinds that this host does not know";
    if (interceptor->kinds && !table.intercept) return "wants requests but has no intercept";
    if (interceptor->events && !table.on_event) return "wants events but has no on_event";
    if (plugin.stage > GW_STAGE_TICKETS) return "names a stage that this host does not know";
    return unsafe_setting(plugin);
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

std::shared_ptr<Interceptor> interceptor_of(PluginInstance& plugin) {
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = plugin.settings.name;
    interceptor->table = *plugin.library->interceptor();
    interceptor->self = plugin.self;
    interceptor->instance = &plugin;
    interceptor->lineage = plugin.lineage_key();
    interceptor->stage = interceptor->table.stage;
    interceptor->tag = plugin.library->tag();
    interceptor->fails_open = plugin.settings.on_error == OnError::open;
    interceptor->stats = plugin.lineage->stats;
    set_budget(plugin.settings, interceptor.get());
    return interceptor;
}

// What the callbacks of a plugin that only offers services are counted on.
std::shared_ptr<const Interceptor> nobody_but(const PluginInstance& plugin) {
    auto interceptor = std::make_shared<Interceptor>();
    interceptor->name = plugin.settings.name;
    interceptor->tag = plugin.library->tag();
    interceptor->stats = plugin.lineage->stats;
    return interceptor;
}

// Null with *problem empty: it offers none.
const void* state_table(PluginInstance& plugin, gw_state_v1* table, std::string* problem) {
    const auto extension = plugin.library->plugin().extension;
    if (!extension) return nullptr;
    const void* found = nullptr;
    gw_error error;
    const int32_t asked = guarded(plugin, "extension", &error, [&] {
        found = extension(plugin.self, to_abi(std::string_view(GW_EXT_STATE)));
        return GW_OK;
    });
    if (asked != GW_OK) *problem = text_of(error);
    if (!found) return nullptr;
    *problem = copy_table(static_cast<const gw_state_v1*>(found), state_size_1, "gw_state_v1", table);
    if (problem->empty() && (!table->save || !table->load)) *problem = "gw_state_v1 lacks save or load";
    return found;
}

}  // namespace

PluginInstancePtr create_instance(const PluginSettings& settings,
                                  std::shared_ptr<const PluginLibrary> library,
                                  std::shared_ptr<PluginLineage> lineage, HostServices* services,
                                  const InstanceSignal& signal) {
    auto instance = std::make_shared<PluginInstance>();
    PluginInstance& plugin = *instance;
    plugin.settings = settings;
    plugin.services = services;
    plugin.library = std::move(library);
    plugin.generation = ++lineage->generations;
    plugin.lineage = std::move(lineage);
    plugin.callbacks.instance = &plugin;
    plugin.callbacks.blamed = nobody_but(plugin);
    static std::atomic<uint64_t> last_number{0};
    plugin.number = ++last_number;
    plugin.calls =
        std::shared_ptr<void>(nullptr, [signal, number = plugin.number](void*) { signal(number); });
    gw_error error;
    const auto* config = reinterpret_cast<const gw_node*>(settings.config.get());
    const int32_t result = guarded(plugin, "create", &error, [&] {
        return plugin.library->plugin().create(host_table(), to_abi(&plugin), config, &plugin.self, &error);
    });
    release_configuration_texts();
    if (result != GW_OK) {
        forget_instance(plugin);
        fail(plugin, "create failed: " + text_of(error));
    }
    plugin.created = true;
    if (!plugin.library->interceptor()) return instance;
    plugin.interceptor = interceptor_of(plugin);
    plugin.callbacks.blamed = plugin.interceptor;
    plugin.callbacks.intercepts = true;
    const std::string problem = ask_interceptor(plugin, plugin.interceptor.get());
    if (!problem.empty()) {
        destroy_instance(plugin);
        fail(plugin, problem);
    }
    plugin.lease = std::shared_ptr<const Interceptor>(
        plugin.interceptor.get(),
        [signal, number = plugin.number, keeps = plugin.interceptor](const Interceptor*) { signal(number); });
    return instance;
}

void start_instance(PluginInstance& plugin) {
    const gw_plugin& table = plugin.library->plugin();
    gw_error error;
    plugin.callbacks.open = true;
    const int32_t result =
        table.start ? guarded(plugin, "start", &error, [&] { return table.start(plugin.self, &error); })
                    : GW_OK;
    if (result != GW_OK) fail(plugin, "start failed: " + text_of(error));
    static uint64_t last_start = 0;
    plugin.start_number = ++last_start;
    plugin.started = true;
}

void quiesce_instance(PluginInstance& plugin) {
    const gw_plugin& table = plugin.library->plugin();
    if (plugin.started && table.quiesce) ending(plugin, "quiesce", table.quiesce);
}

void stop_instance(PluginInstance& plugin) {
    const gw_plugin& table = plugin.library->plugin();
    if (plugin.started && table.stop) ending(plugin, "stop", table.stop);
    if (plugin.created) forget_instance(plugin);
    plugin.started = false;
}

void forget_instance(PluginInstance& plugin) {
    if (std::exchange(plugin.forgotten, true)) return;
    plugin.callbacks.open = false;
    plugin.services->forget(&plugin);
}

void destroy_instance(PluginInstance& plugin) {
    if (!plugin.created || plugin.abandoned) return;
    forget_instance(plugin);
    ending(plugin, "destroy", plugin.library->plugin().destroy);
    plugin.created = false;
    plugin.services->destroyed(&plugin);
}

PluginState save_state(PluginInstance& plugin, uint32_t part) {
    gw_state_v1 table{};
    std::string problem;
    PluginState state;
    if (!state_table(plugin, &table, &problem)) {
        if (!problem.empty()) fail(plugin, "gw.state/1: " + problem);
        return state;
    }
    if (!problem.empty()) fail(plugin, "gw.state/1: " + problem);
    gw_error error;
    gw_str bytes{nullptr, 0};
    const int32_t result =
        guarded(plugin, "save", &error, [&] { return table.save(plugin.self, part, &bytes, &error); });
    if (result != GW_OK) fail(plugin, "its state cannot be saved: " + text_of(error));
    if (bytes.len > GW_STATE_MAX_BYTES) {
        fail(plugin, "its state has " + std::to_string(bytes.len) + " bytes, more than " +
                         std::to_string(GW_STATE_MAX_BYTES));
    }
    state.version = table.version;
    state.bytes = std::string(from_abi(bytes));
    return state;
}

void load_state(PluginInstance& plugin, uint32_t part, const PluginState& state) {
    if (state.bytes.empty()) return;
    gw_state_v1 table{};
    std::string problem;
    if (!state_table(plugin, &table, &problem) && problem.empty()) {
        log::warn(
            "plugin reload: the new generation takes no state (gw.state/1), what the old one had is lost",
            {{"plugin", plugin.settings.name}, {"bytes", state.bytes.size()}});
        return;
    }
    if (!problem.empty()) fail(plugin, "gw.state/1: " + problem);
    gw_error error;
    const int32_t result = guarded(plugin, "load", &error, [&] {
        return table.load(plugin.self, part, state.version, to_abi(std::string_view(state.bytes)), &error);
    });
    if (result != GW_OK) {
        fail(plugin, "the state of version " + std::to_string(state.version) +
                         " cannot be loaded: " + text_of(error));
    }
    log::info("plugin reload: state moved", {{"plugin", plugin.settings.name},
                                             {"part", part == GW_STATE_WHOLE ? "whole" : "rest"},
                                             {"version", state.version},
                                             {"bytes", state.bytes.size()}});
}

std::shared_ptr<const Interceptor> stand_in_for(const PluginInstance& plugin) {
    auto stand_in = std::make_shared<Interceptor>();
    stand_in->name = plugin.settings.name;
    stand_in->lineage = plugin.lineage_key();
    stand_in->tag = plugin.library->tag();
    stand_in->fails_open = plugin.settings.on_error == OnError::open;
    stand_in->stands_in = true;
    stand_in->stage = plugin.stage;
    stand_in->kinds = plugin.interceptor ? plugin.interceptor->kinds : 0;
    stand_in->table.intercept = [](void*, void*, gw_ctx*, gw_req*, gw_next*) { return GW_E_FAIL; };
    return stand_in;
}

}  // namespace gatewayd
