#include "gatewayd/plugin/forgive.h"

#include <cstdio>

#include "core/plugins/crash_record.h"
#include "core/plugins/host.h"
#include "gatewayd/check.h"

namespace gatewayd {
namespace {

int failed(const std::string& why) {
    std::fprintf(stderr, "gatewayd: %s\n", why.c_str());
    return exit_failed;
}

}  // namespace

int forgive_plugin(const CommandLine& line) {
    std::vector<std::string> warnings;
    const std::optional<Settings> settings = load_or_say_why(line, &warnings);
    if (!settings) return exit_refused;
    const PluginSettings* plugin = nullptr;
    for (const PluginSettings& entry : settings->plugins.load) {
        if (entry.name == line.plugin_name) plugin = &entry;
    }
    if (plugin == nullptr) {
        std::fprintf(stderr, "gatewayd: %s has no plugin named %s\n", line.config_file.c_str(),
                     line.plugin_name.c_str());
        return exit_refused;
    }
    PluginLibrary::Verified file;
    try {
        file = PluginLibrary::verify(plugin->name, plugin_path(*plugin, settings->plugins));
    } catch (const std::runtime_error& error) {
        return failed(error.what());
    }
    const std::string folder = state_folder(settings->plugins);
    std::string why;
    const auto record = CrashRecord::look(folder, &why);
    if (!record) return failed(why);
    const CrashCount count = record->count_of(file.identity);
    if (count.in_a_row == 0) {
        std::printf("%s has no crashes to forgive: %s\n", plugin->name.c_str(), file.path.c_str());
        return exit_clean;
    }
    why = CrashRecord::forgive(folder, file.identity);
    if (!why.empty()) return failed(why);
    std::printf("%u crashes in a row of %s are forgiven; the next start loads it: %s\n", count.in_a_row,
                plugin->name.c_str(), file.path.c_str());
    return exit_clean;
}

}  // namespace gatewayd
