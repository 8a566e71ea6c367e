#include "core/config/difference.h"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "core/config/schema.h"

namespace gatewayd {
namespace {

using config::Choice;
using config::Key;
using config::Slot;

// Keys that are plugins' configurations, which the plugins of `next` have read already.
bool belongs_to_plugins(std::string_view path) {
    static constexpr std::string_view keys[] = {"plugins.path",
                                                "plugins.drain_timeout",
                                                "plugins.old_libraries",
                                                "plugins.crash_limit",
                                                "wsc.websocket_origins",
                                                "wsc.security.enable_auth",
                                                "wsc.security.enable_rate_limit"};
    static constexpr std::string_view sections[] = {"wsc.group.", "wsc.ticket.", "wsc.store.",
                                                    "wsc.security.auth."};
    return std::find(std::begin(keys), std::end(keys), path) != std::end(keys) ||
           std::any_of(std::begin(sections), std::end(sections),
                       [&](std::string_view section) { return path.substr(0, section.size()) == section; });
}

bool is_same_value(const Slot& a, const Slot& b) {
    return std::visit(
        [&](auto slot) {
            using Type = decltype(slot);
            const Type other = std::get<Type>(b);
            if constexpr (std::is_same_v<Type, Choice>) {
                return *slot.value == *other.value;
            } else if constexpr (std::is_same_v<Type, ConfigNodePtr*>) {
                return (!*slot && !*other) || (*slot && *other && is_same(**slot, **other));
            } else {
                return *slot == *other;
            }
        },
        a);
}

void copy_value(const Slot& from, const Slot& to) {
    std::visit(
        [&](auto slot) {
            using Type = decltype(slot);
            const Type target = std::get<Type>(to);
            if constexpr (std::is_same_v<Type, Choice>) {
                *target.value = *slot.value;
            } else {
                *target = *slot;
            }
        },
        from);
}

bool is_same_sni(const TlsSettings& a, const TlsSettings& b) {
    return std::equal(a.sni.begin(), a.sni.end(), b.sni.begin(), b.sni.end(),
                      [](const TlsNameSettings& x, const TlsNameSettings& y) {
                          return x.names == y.names && x.cert == y.cert && x.key == y.key;
                      });
}

bool is_same_rules(const SecuritySettings& a, const SecuritySettings& b) {
    return std::equal(a.permissions.begin(), a.permissions.end(), b.permissions.begin(), b.permissions.end(),
                      [](const PermissionSettings& x, const PermissionSettings& y) {
                          return x.rule == y.rule && x.user_types == y.user_types;
                      });
}

}  // namespace

bool is_same(const ConfigNode& a, const ConfigNode& b) {
    if (a.type != b.type || a.scalar != b.scalar || a.quoted != b.quoted || a.base_folder != b.base_folder)
        return false;
    return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                      [](const auto& x, const auto& y) { return is_same(*x, *y); }) &&
           std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                      [](const auto& x, const auto& y) {
                          return x.first == y.first && is_same(*x.second, *y.second);
                      });
}

bool is_same(const PluginSettings& a, const PluginSettings& b) {
    return a.name == b.name && a.path == b.path && a.on_error == b.on_error && a.on_crash == b.on_crash &&
           a.budget_ms == b.budget_ms && a.on_overrun == b.on_overrun && a.overrun_limit == b.overrun_limit &&
           a.overrun_retry_ms == b.overrun_retry_ms && a.allow_unsafe == b.allow_unsafe &&
           a.listed == b.listed && is_same(*a.config, *b.config);
}

std::vector<std::string> take_running(const Settings& next, Settings* running) {
    std::vector<std::string> others;
    Settings copy = next;  // slots are those of a Settings that may change
    for (const Key& key : config::schema_keys()) {
        if (key.slot == nullptr) continue;
        const Slot from = key.slot(copy);
        const Slot to = key.slot(*running);
        if (is_same_value(from, to)) continue;
        if (belongs_to_plugins(key.path)) {
            copy_value(from, to);
        } else {
            others.push_back(key.path);
        }
    }
    running->plugins.load = next.plugins.load;
    if (!is_same_rules(next.wsc.security, running->wsc.security))
        others.emplace_back("wsc.security.permissions");
    if (!is_same_sni(next.wsc.tls, running->wsc.tls)) others.emplace_back("wsc.tls.sni");
    return others;
}

}  // namespace gatewayd
