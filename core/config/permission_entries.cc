#include "core/config/permission_entries.h"

#include <algorithm>

#include "core/config/settings_reader.h"

namespace gatewayd::config {

namespace {

constexpr const char* section = "wsc.security.permissions";
constexpr std::string_view everyone = "*";

void read_rule(const std::string& rule, const ConfigNode& node, SecuritySettings& security,
               Problems& problems) {
    const std::string path = std::string(section) + "." + rule;
    if (rule == "broadcast") {
        problems.error(node.key_location, path, "is wsc.security.broadcast_user_types");
        return;
    }
    if (node.type != ConfigNode::Type::list) {
        problems.error(node.location, path,
                       "expected a list of user types such as [agent, admin], or [\"*\"] for all, not " +
                           what_it_is(node));
        return;
    }
    PermissionSettings entry{rule, {}, node.location + ": " + path};
    const auto& allowed = security.allowed_user_types;
    for (size_t i = 0; i < node.items.size(); ++i) {
        const ConfigNode& item = *node.items[i];
        const std::string inner = path + "[" + std::to_string(i) + "]";
        auto& types = entry.user_types;
        if (item.type != ConfigNode::Type::scalar) {
            problems.error(item.location, inner, "expected a user type, not " + what_it_is(item));
        } else if (item.scalar != everyone &&
                   std::find(allowed.begin(), allowed.end(), item.scalar) == allowed.end()) {
            problems.error(item.location, inner, item.scalar + " is not in wsc.security.allowed_user_types");
        } else if (std::find(types.begin(), types.end(), item.scalar) != types.end()) {
            problems.error(item.location, inner, "is in the list twice");
        } else {
            types.push_back(item.scalar);
        }
    }
    security.permissions.push_back(std::move(entry));
}

}  // namespace

void read_permission_entries(const ConfigNode& root, Settings& settings, Problems& problems) {
    const ConfigNode* rules = find_node(root, section);
    if (rules == nullptr || rules->type == ConfigNode::Type::null) return;
    if (rules->type != ConfigNode::Type::map) {
        problems.error(rules->location, section,
                       "expected rules and user types such as { use_groups: [agent, admin] }, not " +
                           what_it_is(*rules));
        return;
    }
    if (rules->entries.size() > max_permissions) {
        problems.error(rules->location, section, "more than " + std::to_string(max_permissions) + " rules");
        return;
    }
    for (const auto& [rule, node] : rules->entries)
        read_rule(rule, *node, settings.wsc.security, problems);
}

}  // namespace gatewayd::config
