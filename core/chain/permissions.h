// Permissions: which user types may do what, in one place. Rules have names; the core's own come first,
// plugins define more (gw.permissions/1). Who may is, in this order: what the configuration says of a rule,
// what its definition says; and of one connection what a plugin granted or took away (Grants).
//
// Rules are defined on the control thread; everything else is [any]. A rule is never taken out: its number is
// good for the life of the process, over all generations of the plugin that defined it.
#ifndef GATEWAYD_CORE_CHAIN_PERMISSIONS_H
#define GATEWAYD_CORE_CHAIN_PERMISSIONS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

using RuleId = uint32_t;

// The core's own rules, whose numbers are these.
enum CoreRule : RuleId {
    rule_broadcast,
    rule_message_users,
    rule_see_presence,
    rule_use_groups,
    rule_use_tickets
};
inline constexpr RuleId core_rule_count = 5;

class Permissions {
   public:
    static constexpr RuleId max_rules = 64;
    static constexpr size_t max_user_types = 16;
    static constexpr size_t max_name_bytes = 64;
    static constexpr size_t max_description_bytes = 200;
    static constexpr uint8_t no_type = max_user_types;  // a user type that nobody named: may nothing

    // What a rule's list may hold beside user types.
    static constexpr std::string_view everyone = "*";

    struct Rule {
        std::string name;
        std::string description;  // "send to everyone": after "may" and "may not"
        std::vector<std::string> user_types;
        std::string source;      // where user_types come from: the configuration's place, or `default`
        std::string defined_by;  // `core`, or the plugin's instance
    };
    enum class Defined : uint8_t { ok, bad_text, taken, too_many };

    // At most max_user_types; those that are there keep their places.
    void set_user_types(std::vector<std::string> user_types);
    // What the configuration says of a rule, before or after the rule is defined.
    void configure(std::string_view name, std::vector<std::string> user_types, std::string source);
    // The configured rules that nobody has defined.
    std::vector<std::string> undefined() const;

    // The same plugin may define its rule again, in a later generation. *id is then the same.
    Defined define(std::string_view name, std::string_view description, std::vector<std::string> user_types,
                   std::string_view defined_by, RuleId* id);
    std::optional<RuleId> find(std::string_view name) const;
    Rule rule(RuleId id) const;  // id: below rule_count()
    RuleId rule_count() const { return count_.load(std::memory_order_acquire); }
    std::string name_of(RuleId id) const { return rule(id).name; }

    uint8_t index_of_type(std::string_view user_type) const;  // no_type: none of them
    bool may(uint8_t type_index, RuleId id) const { return mask(type_index) >> id & 1; }
    uint64_t mask(uint8_t type_index) const {
        return type_index < max_user_types ? masks_[type_index].load(std::memory_order_relaxed) : 0;
    }

   private:
    struct Configured {
        std::string name;
        std::vector<std::string> user_types;
        std::string source;
    };

    const Configured* configured(std::string_view name) const;
    void apply(RuleId id);

    mutable std::mutex mutex_;  // of all below but the masks
    std::vector<std::string> user_types_;
    std::vector<Configured> configured_;
    std::vector<Rule> rules_;
    std::vector<std::vector<std::string>> defaults_;  // of each rule
    std::atomic<RuleId> count_{0};
    std::array<std::atomic<uint64_t>, max_user_types> masks_{};  // by user type: a bit a rule
};

// What one connection may: its user type's rules, and what plugins changed of them. Its thread's.
class Grants {
   public:
    // Before the identity is fixed nobody may anything; what was set before counts after.
    void identify(const Permissions* rules, std::string_view user_type) {
        rules_ = rules;
        type_ = rules->index_of_type(user_type);
    }
    bool identified() const { return rules_ != nullptr; }
    const Permissions* rules() const { return rules_; }
    bool may(RuleId id) const {
        return rules_ != nullptr && ((rules_->mask(type_) | granted_) & ~denied_) >> id & 1;
    }
    // "forbidden by the rule broadcast: your user_type may not send to everyone". Only when identified.
    std::string refusal(RuleId id) const;
    void grant(RuleId id) {
        granted_ |= uint64_t{1} << id;
        denied_ &= ~(uint64_t{1} << id);
    }
    void deny(RuleId id) { denied_ |= uint64_t{1} << id; }
    void reset(RuleId id) {
        granted_ &= ~(uint64_t{1} << id);
        denied_ &= ~(uint64_t{1} << id);
    }

   private:
    const Permissions* rules_ = nullptr;
    uint64_t granted_ = 0;
    uint64_t denied_ = 0;
    uint8_t type_ = Permissions::no_type;
};

// The core's rules with the defaults of a gateway that knows who its clients are, or does not
// (docs/security.md).
void define_core_rules(Permissions* permissions, bool identities_verified,
                       const std::vector<std::string>& broadcast_user_types);

}  // namespace gatewayd

#endif
