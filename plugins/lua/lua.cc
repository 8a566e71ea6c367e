// lua: interceptors as Lua scripts, for operators without a compiler. The scripts of plugins.load decide
// about handshakes, messages, publishes and deliveries, within limits, and are read anew when their files
// change. README.md
#include <gateway/plugin.hpp>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "config_json.h"
#include "scripts.h"
#include "shared_store.h"
#include "state.h"
#include "watcher.h"

namespace lua {
namespace {

constexpr size_t max_scripts = 32;

class Lua : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_REOPEN;

    void Configure(const gateway::Config& config) override {
        config.allow_only(
            {"scripts", "reload", "instruction_limit", "time_limit_ms", "memory_limit_mb", "shared_entries"});
        environment_.host = host();
        Limits& limits = environment_.limits;
        limits.instructions = config.get("instruction_limit").integer_or(1000000, 1000, 1000000000);
        limits.time_ms = config.get("time_limit_ms").integer_or(50, 1, 10000);
        limits.memory_bytes = static_cast<size_t>(config.get("memory_limit_mb").integer_or(16, 1, 1024))
                              << 20;
        shared_.emplace(static_cast<size_t>(config.get("shared_entries").integer_or(10000, 1, 10000000)));
        environment_.shared = &*shared_;
        reload_ = config.get("reload").bool_or(true);

        scripts_.emplace(environment_);
        const auto entries = config.get("scripts").list();
        if (entries.empty()) {
            config.get("scripts").fail("is required: at least one, such as [scripts/filter.lua]");
        }
        if (entries.size() > max_scripts) {
            config.get("scripts").fail("at most " + std::to_string(max_scripts) + " are allowed");
        }
        for (const gateway::Config& entry : entries)
            add(entry);
    }

    void Wants(uint32_t* wanted_kinds, uint64_t* wanted_events) override {
        constexpr uint32_t kind_hooks = (1U << static_cast<uint32_t>(Hook::connected)) - 1;
        *wanted_kinds = scripts_->hooks() & kind_hooks;
        *wanted_events = (wants(Hook::connected) ? GW_EV_CONNECTED : 0) |
                         (wants(Hook::disconnected) ? GW_EV_DISCONNECTED : 0) | GW_EV_REOPEN;
    }

    void Start() override {
        if (!reload_) return;
        try {
            watcher_.emplace(scripts_->folders(), [this] { scripts_->reload_changed(); });
        } catch (const std::system_error& failure) {
            host().warn("changed scripts are not noticed by themselves, SIGUSR1 reads them anew: " +
                        std::string(failure.what()));
        }
        scripts_->reload_changed();  // since Configure
    }
    void Stop() override { watcher_.reset(); }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        Call call;
        call.request = request.raw();
        call.context = connection.raw();
        return scripts_->run(hook_of(request.kind()), &call);
    }

    void OnEvent(const gateway::Event& event, gateway::Connection& connection) override {
        if (event.type() == GW_EV_REOPEN) return scripts_->reload_changed();
        Call call;
        call.context = connection.raw();
        call.reason = event.reason();
        call.code = event.code();
        scripts_->run(event.type() == GW_EV_CONNECTED ? Hook::connected : Hook::disconnected, &call);
    }

   private:
    // The hooks of requests stand in the order of their bits.
    static Hook hook_of(uint32_t kind) { return static_cast<Hook>(__builtin_ctz(kind)); }
    bool wants(Hook hook) const { return (scripts_->hooks() >> static_cast<uint32_t>(hook) & 1) != 0; }

    // "scripts/filter.lua", or { file: scripts/filter.lua, config: { ... } }.
    void add(const gateway::Config& entry) {
        const bool has_config = entry.is_map();
        if (has_config) entry.allow_only({"file", "config"});
        const gateway::Config file = has_config ? entry.get("file") : entry;
        const std::string path = file.required_path();
        const std::string json = has_config ? config_json(host().raw(), entry.get("config")) : "{}";
        try {
            scripts_->add(path, json);
        } catch (const gateway::Error& failure) {
            file.fail(failure.what());
        }
    }

    Environment environment_;
    std::optional<SharedStore> shared_;
    std::optional<Scripts> scripts_;
    std::optional<Watcher> watcher_;
    bool reload_ = true;
};

}  // namespace
}  // namespace lua

GATEWAY_PLUGIN_WITH(lua::Lua, "lua", "1.0.0", "handshake,frame,message,publish,delivery,events",
                    "description=Interceptors as Lua scripts, read anew when they change\n")
