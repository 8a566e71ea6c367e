#include "core/config/plugin_entries.h"

#include <algorithm>
#include <optional>

#include "core/config/checks.h"
#include "core/config/render.h"
#include "core/config/settings_reader.h"

namespace gatewayd::config {

namespace {

const std::vector<std::string> entry_keys{
    "name",      "path",       "on_error",      "on_crash",         "allow_unsafe",
    "budget_ms", "on_overrun", "overrun_limit", "overrun_retry_ms", "config"};

// Of store-sqlite when nobody names one: beside the YAML file.
constexpr const char* default_store_file = "data/gatewayd.sqlite";

// The plugin of a wsc.security.auth.provider: the bundled ones go by a short name, another goes by its own.
std::string plugin_of_provider(const std::string& provider) {
    return provider == "jwt" || provider == "http" ? "auth-" + provider : provider;
}

// The same of a wsc.store.provider.
std::string plugin_of_store(const std::string& provider) {
    return provider == "sqlite" || provider == "memory" ? "store-" + provider : provider;
}

std::shared_ptr<ConfigNode> empty_map(const ConfigNode& place) {
    auto map = std::make_shared<ConfigNode>();
    map->type = ConfigNode::Type::map;
    map->location = place.location;
    map->base_folder = place.base_folder;
    return map;
}

class EntryReader {
   public:
    EntryReader(const ConfigNode& entry, std::string path, Problems& problems)
        : entry_(entry), path_(std::move(path)), problems_(problems) {}

    // Nothing when it has no usable name.
    std::optional<PluginSettings> read() {
        if (entry_.type != ConfigNode::Type::map) {
            problems_.error(entry_.location, path_,
                            "expected a map such as { name: audit }, not " + what_it_is(entry_));
            return std::nullopt;
        }
        plugin_.location = entry_.location;
        for (const auto& [key, value] : entry_.entries)
            read_key(key, value);
        if (!plugin_.config) plugin_.config = empty_map(entry_);
        if (entry_.get("name") == nullptr) problems_.error(entry_.location, path_, "name is missing");
        check_budget();
        if (plugin_.name.empty()) return std::nullopt;
        return std::move(plugin_);
    }

   private:
    bool is_of_budget(const std::string& key) const {
        return key == "budget_ms" || key == "on_overrun" || key == "overrun_limit" ||
               key == "overrun_retry_ms";
    }

    void read_budget_key(const std::string& key, const ConfigNode& value) {
        const auto expected = [&](const std::string& what) {
            problems_.error(value.location, path_ + "." + key,
                            "expected " + what + ", not " + what_it_is(value));
        };
        if (key == "budget_ms") {
            const std::optional<double> ms = value.as_f64();
            if (!ms || *ms < min_budget_ms || *ms > max_budget_ms)
                return expected("milliseconds, 0.001 to 60000; without the key there is no budget");
            plugin_.budget_ms = *ms;
        } else if (key == "on_overrun") {
            const auto word = std::find(overrun_words.begin(), overrun_words.end(), value.scalar);
            if (value.type != ConfigNode::Type::scalar || word == overrun_words.end())
                return expected("log, bypass or reject");
            plugin_.on_overrun = static_cast<OnOverrun>(word - overrun_words.begin());
        } else {
            const bool limit = key == "overrun_limit";
            const std::optional<int64_t> number = value.as_i64();
            const int64_t min = limit ? 1 : min_overrun_retry_ms;
            const int64_t max = limit ? max_overrun_limit : max_overrun_retry_ms;
            if (!number || *number < min || *number > max) {
                return expected("a number of " + std::string(limit ? "calls" : "milliseconds") + ", " +
                                std::to_string(min) + " to " + std::to_string(max));
            }
            (limit ? plugin_.overrun_limit : plugin_.overrun_retry_ms) = static_cast<uint32_t>(*number);
        }
    }

    void check_budget() {
        if (entry_.get("budget_ms") != nullptr) return;
        for (const auto& [key, value] : entry_.entries) {
            if (is_of_budget(key))
                problems_.error(value->key_location, path_ + "." + key, "needs budget_ms beside it");
        }
    }

    void read_key(const std::string& key, const ConfigNodePtr& value) {
        const std::string path = path_ + "." + key;
        const auto expected = [&](const std::string& what) {
            problems_.error(value->location, path, "expected " + what + ", not " + what_it_is(*value));
        };
        const bool is_text = value->type == ConfigNode::Type::scalar;
        if (key == "name") {
            const std::string why = is_text ? check_plugin_name(value->scalar) : "expected a plugin's name";
            if (why.empty()) {
                plugin_.name = value->scalar;
            } else {
                problems_.error(value->location, path, why);
            }
        } else if (key == "path") {
            if (is_text && !value->scalar.empty()) {
                plugin_.path = value->as_path();
            } else {
                expected("the path of a .so file");
            }
        } else if (key == "on_error") {
            if (is_text && (value->scalar == "closed" || value->scalar == "open")) {
                plugin_.on_error = value->scalar == "open" ? OnError::open : OnError::closed;
            } else {
                expected("closed or open");
            }
        } else if (key == "on_crash") {
            if (is_text && (value->scalar == "restart" || value->scalar == "skip")) {
                plugin_.on_crash = value->scalar == "skip" ? OnCrash::skip : OnCrash::restart;
            } else {
                expected("restart or skip");
            }
        } else if (key == "allow_unsafe") {
            if (const std::optional<bool> allowed = value->as_bool()) {
                plugin_.allow_unsafe = *allowed;
            } else {
                expected("true or false");
            }
        } else if (key == "config") {
            if (value->type == ConfigNode::Type::map) {
                plugin_.config = value;
            } else if (value->type != ConfigNode::Type::null) {
                expected("keys and values");
            }
        } else if (is_of_budget(key)) {
            read_budget_key(key, *value);
        } else {
            problems_.error(value->key_location, path, unknown_key_message(key, entry_keys, ""));
        }
    }

    const ConfigNode& entry_;
    const std::string path_;
    Problems& problems_;
    PluginSettings plugin_;
};

// What one switched-on section brings.
struct Bundled {
    std::string name;
    std::string required_by;               // the key that switches it on
    std::shared_ptr<ConfigNode> written;   // what the section says in the file
    std::shared_ptr<ConfigNode> defaults;  // what it does not say
};

class Bundler {
   public:
    Bundler(const ConfigNode& root, Settings& settings, Problems& problems)
        : root_(root), settings_(settings), problems_(problems) {}

    void run() {
        const WscSettings& wsc = settings_.wsc;
        if (!wsc.websocket_origins.empty()) {
            Bundled cors = bundled("cors", "wsc.websocket_origins");
            if (const ConfigNodePtr origins = node_at("wsc", "websocket_origins"))
                add(*cors.written, "origins", origins);
            merge(cors);
        }
        if (wsc.security.enable_auth) {
            Bundled auth =
                bundled(plugin_of_provider(wsc.security.auth.provider), "wsc.security.enable_auth");
            take_section(auth, "wsc.security.auth", "provider");
            merge(auth);
            require_key();
        }
        if (wsc.security.enable_rate_limit) {
            Bundled limits = bundled("limits", "wsc.security.enable_rate_limit");
            take_section(limits, "wsc.security.rate_limit", "");
            merge(limits);
        }
        bring_section(wsc.group.enabled, "group");
        bring_section(wsc.ticket.enabled, "ticket");
        bring_store(wsc.group.enabled ? "wsc.group.enabled" : wsc.ticket.enabled ? "wsc.ticket.enabled" : "");
    }

   private:
    Bundled bundled(const std::string& name, const std::string& required_by) const {
        const ConfigNode* place = find_node(root_, required_by);
        if (place == nullptr) place = &root_;
        return Bundled{name, required_by, empty_map(*place), empty_map(*place)};
    }

    void bring_section(bool enabled, const std::string& name) {
        const std::string section = "wsc." + name;
        if (enabled) {
            Bundled plugin = bundled(name, section + ".enabled");
            take_section(plugin, section, "enabled");
            merge(plugin);
        } else if (is_listed(name)) {
            warn_of_unused(section, "enabled");
        }
    }

    // What groups and tickets are kept in, unless plugins.load has a bundled one and no provider is named.
    void bring_store(const std::string& required_by) {
        const std::string& provider = settings_.wsc.store.provider;
        const bool is_named = node_at("wsc.store", "provider") != nullptr;
        if (required_by.empty() && !is_listed(plugin_of_store(provider))) return;
        if (provider == "none" || (!is_named && (is_listed("store-sqlite") || is_listed("store-memory"))))
            return;
        Bundled store = bundled(plugin_of_store(provider), required_by);
        take_section(store, "wsc.store", "provider");
        if (provider == "sqlite" && store.written->get("file") == nullptr) {
            auto file = std::make_shared<ConfigNode>();
            file->type = ConfigNode::Type::scalar;
            file->scalar = default_store_file;
            file->location = store.written->location;
            file->base_folder = root_.base_folder;
            add(*store.defaults, "file", file);
        }
        merge(store);
    }

    bool is_listed(const std::string& name) const {
        for (const PluginSettings& plugin : settings_.plugins.load) {
            if (plugin.listed && plugin.name == name) return true;
        }
        return false;
    }

    void warn_of_unused(const std::string& section, const std::string& switch_key) {
        const ConfigNode* node = find_node(root_, section);
        if (node == nullptr) return;
        const std::string message = "has no effect: " + section + "." + switch_key + " is false";
        for (const auto& entry : node->entries) {
            if (entry.first == switch_key) continue;
            problems_.warn(entry.second->key_location, section + "." + entry.first, message);
        }
    }

    ConfigNodePtr node_at(const std::string& section, const std::string& key) const {
        const ConfigNode* map = find_node(root_, section);
        if (map == nullptr) return nullptr;
        for (const auto& entry : map->entries) {
            if (entry.first == key) return entry.second;
        }
        return nullptr;
    }

    static void add(ConfigNode& map, const std::string& key, const ConfigNodePtr& value) {
        map.entries.emplace_back(key, value);
    }

    // The section without the key that the core itself uses; keys that are not written come with their
    // default.
    void take_section(Bundled& plugin, const std::string& section, const std::string& core_key) const {
        if (const ConfigNode* map = find_node(root_, section)) {
            for (const auto& [key, value] : map->entries) {
                if (key != core_key) add(*plugin.written, key, value);
            }
        }
        for (const Key& key : schema_keys()) {
            const std::string leaf(leaf_of(key.path));
            if (parent_of(key.path) != section || leaf == core_key) continue;
            const ConfigNodePtr value = default_node(key, root_.base_folder);
            if (value && plugin.written->get(leaf) == nullptr) add(*plugin.defaults, leaf, value);
        }
    }

    void merge(const Bundled& plugin) {
        for (PluginSettings& listed : settings_.plugins.load) {
            if (!listed.listed || listed.name != plugin.name) continue;
            merge_into(listed, plugin);
            return;
        }
        PluginSettings unlisted;
        unlisted.name = plugin.name;
        unlisted.listed = false;
        unlisted.required_by = plugin.required_by;
        unlisted.location = plugin.written->location;
        auto config = std::make_shared<ConfigNode>(*plugin.written);
        for (const auto& [key, value] : plugin.defaults->entries)
            add(*config, key, value);
        unlisted.config = std::move(config);
        settings_.plugins.load.push_back(std::move(unlisted));
    }

    void merge_into(PluginSettings& listed, const Bundled& plugin) {
        listed.required_by = plugin.required_by;
        auto config = std::make_shared<ConfigNode>(*listed.config);
        for (const auto& [key, value] : plugin.written->entries) {
            if (const ConfigNode* twice = config->get(key)) {
                problems_.error(twice->key_location, "plugins.load " + listed.name + ".config." + key,
                                "is given at " + value->key_location + " too; keep one of them");
            } else {
                add(*config, key, value);
            }
        }
        for (const auto& [key, value] : plugin.defaults->entries) {
            if (config->get(key) == nullptr) add(*config, key, value);
        }
        listed.config = std::move(config);
    }

    // Other providers know themselves what they need.
    void require_key() {
        if (settings_.wsc.security.auth.provider != "jwt") return;
        for (const PluginSettings& plugin : settings_.plugins.load) {
            if (plugin.name != "auth-jwt") continue;
            const ConfigNode* keys = plugin.config->get("keys");
            if (keys != nullptr && !keys->items.empty()) return;
        }
        const ConfigNode* place = find_node(root_, "wsc.security.enable_auth");
        problems_.error(place != nullptr ? place->location : root_.location, "wsc.security.enable_auth",
                        "needs a key to verify tokens with in wsc.security.auth.keys");
    }

    const ConfigNode& root_;
    Settings& settings_;
    Problems& problems_;
};

void read_listed(const ConfigNode& root, Settings& settings, Problems& problems) {
    const ConfigNode* list = find_node(root, "plugins.load");
    if (list == nullptr || list->type == ConfigNode::Type::null) return;
    if (list->type != ConfigNode::Type::list) {
        problems.error(list->location, "plugins.load",
                       "expected a list of plugins such as [{ name: audit }], not " + what_it_is(*list));
        return;
    }
    if (list->items.size() > max_plugins) {
        problems.error(list->location, "plugins.load",
                       "more than " + std::to_string(max_plugins) + " plugins");
        return;
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
        const std::string path = "plugins.load[" + std::to_string(i) + "]";
        std::optional<PluginSettings> plugin = EntryReader(*list->items[i], path, problems).read();
        if (!plugin) continue;
        for (const PluginSettings& other : settings.plugins.load) {
            if (other.name != plugin->name) continue;
            problems.error(plugin->location, path + ".name",
                           "the name " + plugin->name + " is taken by the plugin at " + other.location +
                               "; for the same .so twice give names of their own and a path");
        }
        settings.plugins.load.push_back(std::move(*plugin));
    }
}

}  // namespace

void read_plugin_entries(const ConfigNode& root, Settings& settings, Problems& problems) {
    read_listed(root, settings, problems);
    Bundler(root, settings, problems).run();
}

}  // namespace gatewayd::config
