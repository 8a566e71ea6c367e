#include "gatewayd/plugin/entry.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "gatewayd/check.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

bool same_file(const std::string& a, const std::string& b) {
    std::error_code failure;
    return !a.empty() && fs::equivalent(a, b, failure) && !failure;
}

}  // namespace

std::optional<PluginSettings> plugin_entry(const CommandLine& line) {
    PluginSettings entry;
    entry.name = fs::path(line.plugin_file).stem().string();
    entry.path = fs::absolute(line.plugin_file).string();
    if (line.config_file.empty()) {
        auto nothing = std::make_shared<ConfigNode>();
        nothing->type = ConfigNode::Type::map;
        nothing->base_folder = fs::current_path().string();
        entry.config = std::move(nothing);
        return entry;
    }
    std::vector<std::string> warnings;
    const std::optional<Settings> settings = load_or_say_why(line, &warnings);
    if (!settings) return std::nullopt;
    for (const PluginSettings& listed : settings->plugins.load) {
        if (!same_file(listed.path, entry.path) && !(listed.path.empty() && listed.name == entry.name))
            continue;
        PluginSettings found = listed;
        found.path = entry.path;
        return found;
    }
    std::fprintf(stderr, "gatewayd: %s has no entry of plugins.load with this file, nor one named %s\n",
                 line.config_file.c_str(), entry.name.c_str());
    return std::nullopt;
}

}  // namespace gatewayd
