#include "core/plugins/inspect.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/plugins/permissions.h"

namespace gatewayd {
namespace {

constexpr size_t max_shown_symbols = 32;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "-" : text;
}

// Names out of a file that nobody vouches for: nothing that a terminal would obey.
std::string printable(std::string_view name) {
    std::string text(name.substr(0, 200));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    return text;
}

class Report {
   public:
    void line(const std::string& key, const std::string& value) {
        text_ += key + std::string(key.size() < 13 ? 13 - key.size() : 1, ' ') + value + "\n";
    }
    void warn(const std::string& what) { line("warning", what); }
    PluginInspection end(const std::string& problem) {
        line("verdict", problem.empty() ? "this gatewayd can load it" : "not loadable: " + problem);
        return {text_, problem.empty()};
    }

   private:
    std::string text_;
};

// Why it would not be loaded on account of who may change it; empty: it would.
std::string describe_permissions(const std::string& path, Report* report) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    char mode[8];
    std::snprintf(mode, sizeof(mode), "%04o", static_cast<unsigned>(info.st_mode & 07777));
    report->line("size", std::to_string(info.st_size) + " bytes");
    report->line("mode", std::string(mode) + ", owner " + std::to_string(info.st_uid));
    const std::string problem = permission_problem(path);
    if (problem.empty() || !allows_writable_plugins()) return problem;
    report->warn(problem);
    return {};
}

void describe_note(const PluginNote& note, Report* report) {
    report->line("id", note.id);
    report->line("version", note.version);
    report->line("abi", std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor) +
                            " (this gatewayd: " + std::to_string(GW_ABI_MAJOR) + "." +
                            std::to_string(GW_ABI_MINOR) + ")");
    report->line("kinds", joined(note.kinds));
    report->line("needs", joined(note.needs));
    if (!note.offers.empty()) report->line("offers", joined(note.offers));
    if (!note.uses.empty()) report->line("uses", joined(note.uses));
    if (note.exclusive) report->line("exclusive", "yes: a reload restarts it, two of it never run at once");
    report->line("description", note.description.empty() ? "-" : note.description);
}

void describe_symbols(const ElfFile& file, Report* report) {
    std::string error;
    const auto symbols = file.exported_symbols(&error);
    if (!symbols) return report->warn(error);
    size_t others = 0;
    for (size_t i = 0; i < symbols->size(); ++i) {
        const ElfSymbol& symbol = (*symbols)[i];
        if (symbol.name != GW_PLUGIN_ENTRY_NAME) ++others;
        if (i < max_shown_symbols) {
            report->line(i == 0 ? "exports" : "",
                         printable(symbol.name) + (symbol.unique ? " (unique)" : ""));
        }
    }
    if (symbols->empty()) report->line("exports", "-");
    if (symbols->size() > max_shown_symbols) {
        report->line("", "and " + std::to_string(symbols->size() - max_shown_symbols) + " more");
    }
    if (others > 0) report->warn("it exports more than " GW_PLUGIN_ENTRY_NAME ": hide the rest");
}

}  // namespace

PluginInspection inspect_plugin(const std::string& path, const HostCapabilities& capabilities) {
    Report report;
    std::error_code failure;
    const std::string canonical = std::filesystem::canonical(path, failure).string();
    report.line("file", failure ? path : canonical);
    if (failure) return report.end("cannot be opened: " + failure.message());
    const std::string permissions = describe_permissions(canonical, &report);

    std::string error;
    const auto bytes = read_plugin_file(canonical, &error);
    if (!bytes) return report.end(error);
    const auto file = ElfFile::parse(*bytes, &error);
    if (!file) return report.end(error);
    const auto note = read_plugin_note(*file, &error);
    if (note) describe_note(*note, &report);
    describe_symbols(*file, &report);
    std::vector<std::string> libraries;
    for (const std::string_view library : file->needed_libraries())
        libraries.push_back(printable(library));
    report.line("libraries", joined(libraries));
    if (!note) return report.end(error);
    if (!permissions.empty()) return report.end(permissions);
    return report.end(plugin_file_problem(*file, *note, capabilities));
}

}  // namespace gatewayd
