// Gateway::Impl from one configuration to the next, while it runs. The control thread.
#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/config/difference.h"
#include "core/gateway_impl.h"

namespace gatewayd {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines)
        all += (all.empty() ? "" : "; ") + line;
    return all;
}

PluginReload answer(PluginReload::Outcome outcome, std::string why) {
    PluginReload report;
    report.outcome = outcome;
    report.why = std::move(why);
    return report;
}

const PluginSettings* find(const PluginsSettings& plugins, const std::string& name) {
    const auto found = std::find_if(plugins.load.begin(), plugins.load.end(),
                                    [&](const PluginSettings& entry) { return entry.name == name; });
    return found == plugins.load.end() ? nullptr : &*found;
}

bool is_in_place(const PluginReload& report) {
    return report.outcome == PluginReload::Outcome::reloaded ||
           report.outcome == PluginReload::Outcome::unchanged;
}

}  // namespace

void Gateway::Impl::reload(const std::string& name, PluginReloaded done) {
    using Outcome = PluginReload::Outcome;
    if (settings_.safe_mode) return done(answer(Outcome::ended, "safe mode has nothing to reload"));
    if (!plugins_started_ || draining_) return done(answer(Outcome::ended, "the gateway does not run"));
    if (name.empty() && tls_) tls_->reload();
    if (!name.empty() && !find(settings_in_force()->plugins, name))
        return done(answer(Outcome::not_found, "no plugin of this name is loaded"));
    if (swaps_.busy()) return done(answer(Outcome::busy, "another reload is under way"));
    if (!settings_source_) {
        const std::shared_ptr<const Settings> same = settings_in_force();
        return name.empty() ? reload_all(*same, std::move(done)) : reload_one(*same, name, std::move(done));
    }
    const LoadResult result = settings_source_();
    for (const std::string& warning : result.warnings)
        log::warn("reload: " + warning);
    for (const std::string& error : result.errors)
        log::error("reload: the configuration is not valid, the old one goes on", {{"why", error}});
    if (!result.ok()) return done(answer(Outcome::refused, joined(result.errors)));
    name.empty() ? reload_all(*result.settings, std::move(done))
                 : reload_one(*result.settings, name, std::move(done));
}

void Gateway::Impl::reload_all(const Settings& next, PluginReloaded done) {
    Settings in_force = *settings_in_force();
    const std::vector<std::string> restart = take_running(next, &in_force);
    if (!restart.empty()) {
        log::warn("reload: these keys have changed and need a restart", {{"keys", joined(restart)}});
    }
    swaps_.begin(in_force.plugins, {},
                 [this, in_force, restart, done = std::move(done)](PluginReload report) {
                     if (is_in_place(report)) put_in_force(in_force);
                     report.restart = restart;
                     done(report);
                     if (std::exchange(reload_again_, false)) reload_on_signal();
                 });
}

void Gateway::Impl::reload_one(const Settings& next, const std::string& name, PluginReloaded done) {
    const PluginSettings* entry = find(next.plugins, name);
    if (!entry) {
        return done(answer(PluginReload::Outcome::refused,
                           "the configuration has no plugin " + name +
                               " any more; POST /api/v1/reload takes the whole of it"));
    }
    Settings in_force = *settings_in_force();
    for (PluginSettings& own : in_force.plugins.load) {
        if (own.name == name) own = *entry;
    }
    swaps_.begin(in_force.plugins, name,
                 [this, in_force, done = std::move(done)](const PluginReload& report) {
                     if (is_in_place(report)) put_in_force(in_force);
                     done(report);
                     if (std::exchange(reload_again_, false)) reload_on_signal();
                 });
}

void Gateway::Impl::put_in_force(Settings settings) {
    auto shared = std::make_shared<const Settings>(std::move(settings));
    const std::lock_guard lock(in_force_mutex_);
    in_force_ = std::move(shared);
}

void Gateway::Impl::reload_on_signal() {
    using Outcome = PluginReload::Outcome;
    log::info("SIGHUP: reading the configuration again");
    reload({}, [this](const PluginReload& report) {
        if (report.outcome == Outcome::reloaded) {
            log::info("SIGHUP: the configuration is in force", {{"seconds", report.seconds}});
        } else if (report.outcome == Outcome::unchanged) {
            log::info("SIGHUP: no plugin has changed");
        } else if (report.outcome == Outcome::busy && swaps_.busy()) {
            reload_again_ = true;
            log::info("SIGHUP: another reload is under way; this one follows");
        } else {
            log::error("SIGHUP: nothing was changed", {{"why", report.why}});
        }
    });
}

// --- the facade ---

void Gateway::set_settings_source(std::function<LoadResult()> source) {
    impl_->settings_source_ = std::move(source);
}

void Gateway::reload() {
    impl_->reload_on_signal();
}

void Gateway::reload(PluginReloaded done) {
    reload_plugin({}, std::move(done));
}

void Gateway::reload_plugin(std::string name, PluginReloaded done) {
    impl_->poster()(
        [impl = impl_.get(), name = std::move(name), done = std::move(done)] { impl->reload(name, done); });
}

void Gateway::reopen_files() {
    log::info("reopening files");
    impl_->emit(GW_EV_REOPEN);
    const CallScope turn = impl_->guard_.turn();
    // Earlier generations write on until they are gone.
    for (const PluginInstancePtr& instance : impl_->plugins_.view()->leaving)
        PluginHost::emit_to(*instance, GW_EV_REOPEN);
}

}  // namespace gatewayd
