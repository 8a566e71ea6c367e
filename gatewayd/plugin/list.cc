#include "gatewayd/plugin/list.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "core/plugins/library.h"
#include "core/plugins/skip.h"
#include "gatewayd/check.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

struct Row {
    std::string name;
    std::string id = "-";
    std::string version = "-";
    std::string kinds = "-";
    std::string state;  // "", "configured", "refused: why"
    std::string file = "-";
};

// What verify says, without the plugin's name and file, which stand in their own columns.
std::string reason_of(const PluginError& error) {
    const std::string text = error.what();
    const size_t end = text.find(": ");
    return end == std::string::npos ? text : text.substr(end + 2);
}

// True: it would load. `identity`: of the file (core/plugins/crash_record.h), or null.
bool describe(const std::string& path, Row* row, std::string* identity = nullptr) {
    row->file = path;
    try {
        const PluginLibrary::Verified verified = PluginLibrary::verify(row->name, path);
        row->file = verified.path;
        if (identity) *identity = verified.identity;
        row->id = verified.note.id;
        row->version = verified.note.version;
        row->kinds.clear();
        for (const std::string& kind : verified.note.kinds)
            row->kinds += (row->kinds.empty() ? "" : ",") + kind;
        return true;
    } catch (const PluginError& error) {
        row->state = "refused: " + reason_of(error);
        return false;
    }
}

std::vector<std::string> files_of(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code failure;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
        if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// What the file's crashes mean for the next start; empty: nothing.
std::string crashes_of(const PluginSettings& entry, const std::string& file, const std::string& identity,
                       const CrashRecord* record, uint32_t crash_limit) {
    if (record == nullptr || identity.empty()) return "";
    PluginLibrary::Verified verified;
    verified.path = file;
    verified.identity = identity;
    const SkipDecision decision = decide_to_skip(entry, verified, *record, crash_limit);
    if (decision.crashes == 0) return "";
    const std::string crashed = "it crashed " + std::to_string(decision.crashes) +
                                (decision.crashes == 1 ? " time" : " times in a row");
    return decision.skip ? "; left out: " + crashed : "; " + crashed;
}

void print(const std::vector<Row>& rows) {
    size_t name = 4, id = 2, version = 7, kinds = 5;
    for (const Row& row : rows) {
        name = std::max(name, row.name.size());
        id = std::max(id, row.id.size());
        version = std::max(version, row.version.size());
        kinds = std::max(kinds, row.kinds.size());
    }
    const auto line = [&](const Row& row) {
        std::printf("%-*s  %-*s  %-*s  %-*s  %s%s%s\n", static_cast<int>(name), row.name.c_str(),
                    static_cast<int>(id), row.id.c_str(), static_cast<int>(version), row.version.c_str(),
                    static_cast<int>(kinds), row.kinds.c_str(), row.file.c_str(),
                    row.state.empty() ? "" : "  ", row.state.c_str());
    };
    line({"NAME", "ID", "VERSION", "KINDS", "", "FILE"});
    for (const Row& row : rows)
        line(row);
}

}  // namespace

int list_plugins(const CommandLine& line) {
    std::vector<Row> rows;
    std::vector<std::string> folders;
    bool all_load = true;
    std::set<std::string> seen;
    if (!line.config_file.empty()) {
        std::vector<std::string> warnings;
        const std::optional<Settings> settings = load_or_say_why(line, &warnings);
        if (!settings) return exit_refused;
        folders = settings->plugins.path;
        const std::vector<std::string> search =
            folders.empty() ? std::vector<std::string>{default_plugin_folder()} : folders;
        std::string why;
        const auto record = CrashRecord::look(state_folder(settings->plugins), &why);
        for (const PluginSettings& entry : settings->plugins.load) {
            Row row;
            row.name = entry.name;
            row.state = "configured";
            try {
                std::string identity;
                const std::string path = entry.path.empty() ? find_plugin(entry.name, search) : entry.path;
                all_load = describe(path, &row, &identity) && all_load;
                row.state +=
                    crashes_of(entry, row.file, identity, record.get(), settings->plugins.crash_limit);
            } catch (const PluginError& error) {
                row.state = "refused: " + reason_of(error);
                all_load = false;
            }
            seen.insert(row.file);
            rows.push_back(std::move(row));
        }
    }
    if (folders.empty()) folders.push_back(default_plugin_folder());
    for (const std::string& folder : folders) {
        for (const std::string& file : files_of(folder)) {
            Row row;
            row.name = fs::path(file).stem().string();
            describe(file, &row);
            if (seen.insert(row.file).second) rows.push_back(std::move(row));
        }
    }
    if (rows.empty()) {
        std::printf("no plugins in %s\n", folders.front().c_str());
    } else {
        print(rows);
    }
    return all_load ? exit_clean : exit_failed;
}

}  // namespace gatewayd
