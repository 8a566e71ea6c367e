#include "core/config/overrides.h"

#include "core/config/yaml_tree.h"

namespace gatewayd::config {

namespace {

// Empty when a part of the path is.
std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> parts;
    size_t at = 0;
    while (true) {
        const size_t dot = path.find('.', at);
        std::string part = path.substr(at, dot == std::string::npos ? dot : dot - at);
        if (part.empty()) return {};
        parts.push_back(std::move(part));
        if (dot == std::string::npos) return parts;
        at = dot + 1;
    }
}

// Puts `value` under parts[from...] of `node`; null with `why` when a value that is no map is on the way.
ConfigNodePtr with_value(const ConfigNodePtr& node, const std::vector<std::string>& parts, size_t from,
                         const ConfigNodePtr& value, std::string& why) {
    if (from == parts.size()) return value;
    std::shared_ptr<ConfigNode> copy;
    if (!node) {
        copy = std::make_shared<ConfigNode>();
        copy->location = value->location;
        copy->key_location = value->location;
        copy->base_folder = value->base_folder;
    } else {
        copy = std::make_shared<ConfigNode>(*node);
    }
    if (copy->type == ConfigNode::Type::null) copy->type = ConfigNode::Type::map;
    if (copy->type != ConfigNode::Type::map) {
        why = "cannot be set: what is above it, at " + copy->location + ", is no map";
        return nullptr;
    }
    for (auto& entry : copy->entries) {
        if (entry.first != parts[from]) continue;
        entry.second = with_value(entry.second, parts, from + 1, value, why);
        return entry.second ? copy : nullptr;
    }
    ConfigNodePtr made = with_value(nullptr, parts, from + 1, value, why);
    if (made) copy->entries.emplace_back(parts[from], std::move(made));
    return copy;
}

}  // namespace

ConfigNodePtr apply_overrides(ConfigNodePtr root, const std::vector<std::string>& sets,
                              const std::string& base_folder, const Environment& environment,
                              Problems& problems) {
    for (const std::string& set : sets) {
        const size_t equals = set.find('=');
        const std::string path = set.substr(0, equals);
        const std::vector<std::string> parts = split_path(path);
        const std::string location = "--set " + path;
        if (equals == std::string::npos || parts.empty()) {
            problems.error("--set " + quote_for_message(set), "",
                           "expected KEY=VALUE, such as wsc.node_port=9000");
            continue;
        }
        if (parts.size() > max_depth) {
            problems.error("--set " + quote_for_message(path), "", "too many dots");
            continue;
        }
        const std::string text = set.substr(equals + 1);
        ConfigNodePtr value = parse_yaml({text, location, false, path, base_folder}, environment, problems);
        if (!value) continue;
        auto placed = std::make_shared<ConfigNode>(*value);
        placed->key_location = location;
        std::string why;
        ConfigNodePtr changed = with_value(root, parts, 0, placed, why);
        if (changed) {
            root = std::move(changed);
        } else {
            problems.error(location, path, why);
        }
    }
    return root;
}

}  // namespace gatewayd::config
