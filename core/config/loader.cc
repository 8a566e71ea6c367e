#include "core/config/loader.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "core/config/cross_checks.h"
#include "core/config/file_text.h"
#include "core/config/overrides.h"
#include "core/config/permission_entries.h"
#include "core/config/plugin_entries.h"
#include "core/config/problems.h"
#include "core/config/settings_reader.h"
#include "core/config/tls_entries.h"
#include "core/config/yaml_tree.h"

namespace gatewayd {

namespace {

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Not resolved through symbolic links: what lies beside the link is meant.
std::string folder_of(const std::string& file) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(file, error);
    return error ? std::string() : absolute.parent_path().lexically_normal().string();
}

// Null when there is nothing to go on with.
ConfigNodePtr read_tree(const LoadOptions& options, config::Problems& problems) {
    const config::FileText file = config::read_file_text(options.file, config::max_file_size_bytes);
    if (!file.error.empty()) {
        problems.error(options.file, "", file.error);
        return nullptr;
    }
    const std::string base_folder = folder_of(options.file);
    if (base_folder.empty()) {
        problems.error(options.file, "", "the current folder cannot be read, and the path is relative to it");
        return nullptr;
    }
    const config::Environment environment = options.env ? options.env : process_environment;
    ConfigNodePtr root =
        config::parse_yaml({file.text, options.file, true, "", base_folder}, environment, problems);
    if (!root) return nullptr;
    if (root->type != ConfigNode::Type::map && root->type != ConfigNode::Type::null) {
        problems.error(root->location, "", "expected keys such as wsc:, not " + config::what_it_is(*root));
        return nullptr;
    }
    // What is not written has no line: errors about it name the file.
    auto placed = std::make_shared<ConfigNode>(*root);
    placed->location = options.file;
    return config::apply_overrides(placed, options.sets, base_folder, environment, problems);
}

}  // namespace

LoadResult load_settings(const LoadOptions& options) {
    config::Problems problems;
    LoadResult result;
    if (const ConfigNodePtr root = read_tree(options, problems)) {
        Settings settings;
        config::read_settings(*root, settings, problems);
        config::read_tls_entries(*root, settings, problems);
        config::read_permission_entries(*root, settings, problems);
        config::read_plugin_entries(*root, settings, problems);
        config::check_across(*root, settings, problems);
        if (!problems.any_errors()) result.settings = std::move(settings);
    }
    result.errors = problems.take_errors();
    result.warnings = problems.take_warnings();
    return result;
}

}  // namespace gatewayd
