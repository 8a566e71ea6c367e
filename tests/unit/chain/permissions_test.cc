#include "core/chain/permissions.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

using Defined = Permissions::Defined;
using Types = std::vector<std::string>;

struct Rules {
    Rules() { permissions.set_user_types({"customer", "agent"}); }
    RuleId define(std::string_view name, Types types, std::string_view by = "acme") {
        RuleId id = Permissions::max_rules;
        CHECK(permissions.define(name, "do it", std::move(types), by, &id) == Defined::ok);
        return id;
    }
    Defined try_define(std::string_view name, std::string_view by = "acme") {
        RuleId id = 0;
        return permissions.define(name, "do it", {"agent"}, by, &id);
    }
    bool may(std::string_view type, RuleId id) {
        return permissions.may(permissions.index_of_type(type), id);
    }
    Permissions permissions;
};

}  // namespace

TEST_CASE("a rule allows the user types of its definition, or those of the configuration") {
    Rules rules;
    rules.permissions.configure("acme.b", {"customer"}, "here");
    const RuleId a = rules.define("acme.a", {"agent"});
    const RuleId b = rules.define("acme.b", {"agent"});
    const RuleId all = rules.define("acme.all", {"*"});
    const RuleId none = rules.define("acme.none", {"robot"});
    CHECK(rules.may("agent", a));
    CHECK_FALSE(rules.may("customer", a));
    CHECK_FALSE(rules.may("agent", b));
    CHECK(rules.may("customer", b));
    CHECK(rules.may("customer", all));
    CHECK_FALSE(rules.may("agent", none));
    CHECK_FALSE(rules.may("robot", all));  // no such user type
    CHECK(rules.permissions.rule(a).source == "default");
    CHECK(rules.permissions.rule(b).source == "here");
    rules.permissions.configure("acme.a", {}, "later");
    CHECK_FALSE(rules.may("agent", a));
    CHECK(rules.permissions.find("acme.b") == b);
    CHECK_FALSE(rules.permissions.find("acme.c").has_value());
}

TEST_CASE("a rule belongs to whom defined it, who may define it again") {
    Rules rules;
    const RuleId id = rules.define("acme.a", {"agent"});
    CHECK(rules.try_define("acme.a", "other") == Defined::taken);
    CHECK(rules.define("acme.a", {"customer"}) == id);
    CHECK(rules.may("customer", id));
    CHECK_FALSE(rules.may("agent", id));
    CHECK(rules.permissions.rule_count() == 1);
    CHECK(rules.try_define("") == Defined::bad_text);
    CHECK(rules.try_define("Acme") == Defined::bad_text);
    CHECK(rules.try_define(std::string(65, 'a')) == Defined::bad_text);
    CHECK(rules.permissions.define("x", std::string(201, 'x'), {}, "acme", nullptr) == Defined::bad_text);
    for (RuleId i = 1; i < Permissions::max_rules; ++i)
        CHECK(rules.try_define("r" + std::to_string(i)) == Defined::ok);
    CHECK(rules.try_define("one_more") == Defined::too_many);
    CHECK(rules.may("agent", Permissions::max_rules - 1));
}

TEST_CASE("configured rules that nobody defines are told") {
    Rules rules;
    rules.permissions.configure("acme.a", {"agent"}, "here");
    rules.permissions.configure("acme.typo", {"agent"}, "there");
    rules.define("acme.a", {});
    CHECK(rules.permissions.undefined() == Types{"acme.typo"});
}

TEST_CASE("the core's rules are narrower when identities are verified") {
    Permissions permissions;
    permissions.set_user_types({"customer", "agent"});
    define_core_rules(&permissions, false, {"agent"});
    const uint8_t customer = permissions.index_of_type("customer");
    CHECK(permissions.rule_count() == core_rule_count);
    CHECK(permissions.find("use_tickets") == RuleId{rule_use_tickets});
    CHECK(permissions.may(customer, rule_message_users));
    CHECK_FALSE(permissions.may(customer, rule_broadcast));
    define_core_rules(&permissions, true, {"agent"});
    CHECK(permissions.rule_count() == core_rule_count);
    CHECK_FALSE(permissions.may(customer, rule_message_users));
    CHECK_FALSE(permissions.may(customer, rule_see_presence));
    CHECK(permissions.may(customer, rule_use_groups));
    CHECK(permissions.may(permissions.index_of_type("agent"), rule_message_users));
}

TEST_CASE("a connection's grants stand above its user type, and count from its identity on") {
    Permissions permissions;
    permissions.set_user_types({"customer", "agent"});
    define_core_rules(&permissions, true, {"agent"});
    Grants grants;
    grants.grant(rule_broadcast);
    grants.deny(rule_use_groups);
    CHECK_FALSE(grants.may(rule_broadcast));
    grants.identify(&permissions, "customer");
    CHECK(grants.may(rule_broadcast));
    CHECK_FALSE(grants.may(rule_use_groups));
    CHECK(grants.refusal(rule_use_groups) ==
          "forbidden by the rule use_groups: this connection may not join groups or send to them");
    CHECK(grants.refusal(rule_message_users) ==
          "forbidden by the rule message_users: your user_type may not send to a user by `to`");
    grants.deny(rule_broadcast);
    CHECK_FALSE(grants.may(rule_broadcast));
    grants.grant(rule_broadcast);
    CHECK(grants.may(rule_broadcast));
    grants.reset(rule_broadcast);
    grants.reset(rule_use_groups);
    CHECK_FALSE(grants.may(rule_broadcast));
    CHECK(grants.may(rule_use_groups));
    // A configuration that changes counts at once.
    permissions.configure("use_groups", {"agent"}, "later");
    CHECK_FALSE(grants.may(rule_use_groups));
}

}  // namespace gatewayd
