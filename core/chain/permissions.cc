#include "core/chain/permissions.h"

#include <algorithm>

namespace gatewayd {
namespace {

bool contains(const std::vector<std::string>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_rule_name(std::string_view name) {
    if (name.empty() || name.size() > Permissions::max_name_bytes) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    });
}

}  // namespace

void Permissions::set_user_types(std::vector<std::string> user_types) {
    const std::lock_guard lock(mutex_);
    user_types_ = std::move(user_types);
    user_types_.resize(std::min(user_types_.size(), max_user_types));
    for (RuleId id = 0; id < rules_.size(); ++id)
        apply(id);
}

void Permissions::configure(std::string_view name, std::vector<std::string> user_types, std::string source) {
    const std::lock_guard lock(mutex_);
    configured_.push_back({std::string(name), std::move(user_types), std::move(source)});
    for (RuleId id = 0; id < rules_.size(); ++id) {
        if (rules_[id].name == name) apply(id);
    }
}

std::vector<std::string> Permissions::undefined() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const Configured& wish : configured_) {
        const auto is_it = [&](const Rule& rule) { return rule.name == wish.name; };
        if (std::none_of(rules_.begin(), rules_.end(), is_it)) names.push_back(wish.name);
    }
    return names;
}

Permissions::Defined Permissions::define(std::string_view name, std::string_view description,
                                         std::vector<std::string> user_types, std::string_view defined_by,
                                         RuleId* id) {
    if (!is_rule_name(name) || description.size() > max_description_bytes) return Defined::bad_text;
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) { return rule.name == name; });
    *id = static_cast<RuleId>(found - rules_.begin());
    if (found != rules_.end()) {
        if (found->defined_by != defined_by) return Defined::taken;
        found->description = description;
        defaults_[*id] = std::move(user_types);
    } else {
        if (rules_.size() == max_rules) return Defined::too_many;
        rules_.push_back({std::string(name), std::string(description), {}, {}, std::string(defined_by)});
        defaults_.push_back(std::move(user_types));
    }
    apply(*id);
    count_.store(static_cast<RuleId>(rules_.size()), std::memory_order_release);
    return Defined::ok;
}

std::optional<RuleId> Permissions::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    for (RuleId id = 0; id < rules_.size(); ++id) {
        if (rules_[id].name == name) return id;
    }
    return std::nullopt;
}

Permissions::Rule Permissions::rule(RuleId id) const {
    const std::lock_guard lock(mutex_);
    return rules_.at(id);
}

uint8_t Permissions::index_of_type(std::string_view user_type) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(user_types_.begin(), user_types_.end(), user_type);
    return found == user_types_.end() ? no_type : static_cast<uint8_t>(found - user_types_.begin());
}

// The last word counts: a later configuration takes the place of an earlier one.
const Permissions::Configured* Permissions::configured(std::string_view name) const {
    const auto found = std::find_if(configured_.rbegin(), configured_.rend(),
                                    [&](const Configured& wish) { return wish.name == name; });
    return found == configured_.rend() ? nullptr : &*found;
}

void Permissions::apply(RuleId id) {
    Rule& rule = rules_[id];
    const Configured* wish = configured(rule.name);
    rule.user_types = wish ? wish->user_types : defaults_[id];
    rule.source = wish ? wish->source : "default";
    const uint64_t bit = uint64_t{1} << id;
    for (size_t type = 0; type < user_types_.size(); ++type) {
        if (contains(rule.user_types, user_types_[type]) || contains(rule.user_types, everyone)) {
            masks_[type].fetch_or(bit, std::memory_order_relaxed);
        } else {
            masks_[type].fetch_and(~bit, std::memory_order_relaxed);
        }
    }
}

std::string Grants::refusal(RuleId id) const {
    const Permissions::Rule rule = rules_->rule(id);
    const char* who = denied_ >> id & 1 ? "this connection" : "your user_type";
    return "forbidden by the rule " + rule.name + ": " + who + " may not " + rule.description;
}

void define_core_rules(Permissions* permissions, bool identities_verified,
                       const std::vector<std::string>& broadcast_user_types) {
    const std::vector<std::string> all{std::string(Permissions::everyone)};
    const std::vector<std::string> staff{"agent", "admin"};
    RuleId id;
    const auto define = [&](std::string_view name, std::string_view what,
                            const std::vector<std::string>& who) {
        permissions->define(name, what, who, "core", &id);
    };
    // In the order of CoreRule.
    define("broadcast", "send to everyone", broadcast_user_types);
    define("message_users", "send to a user by `to`", identities_verified ? staff : all);
    define("see_presence", "ask who is online", identities_verified ? staff : all);
    define("use_groups", "join groups or send to them", all);
    define("use_tickets", "open tickets or send to them", all);
}

}  // namespace gatewayd
