// plugins.load, and the plugins that wsc sections bring.
#include "core/config/plugin_entries.h"

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::ConfigFolder;
using testing::contains;
using testing::error_of;
using testing::errors_of;
using testing::joined;
using testing::loaded;

const PluginSettings& plugin(const Settings& settings, const std::string& name) {
    for (const PluginSettings& candidate : settings.plugins.load) {
        if (candidate.name == name) return candidate;
    }
    FAIL("no plugin " << name);
    return settings.plugins.load.front();
}

std::string keys_of(const ConfigNode& map) {
    std::string keys;
    for (const auto& entry : map.entries)
        keys += entry.first + " ";
    return keys;
}

TEST_CASE("listed plugins keep the list's order and have all their keys") {
    const Settings settings = loaded(R"(
plugins:
  load:
    - name: zeta
    - { name: acme-filter, path: /opt/acme/filter.so, on_error: open, on_crash: skip, allow_unsafe: true, config: { a: { b: [1, x] } } }
    - name: a.b_c-9
      config:
)");
    REQUIRE(settings.plugins.load.size() == 3);
    const PluginSettings& zeta = settings.plugins.load[0];
    CHECK(zeta.name == "zeta");
    CHECK(zeta.path.empty());
    CHECK(zeta.on_error == OnError::closed);
    CHECK(zeta.on_crash == OnCrash::restart);
    CHECK_FALSE(zeta.allow_unsafe);
    CHECK(zeta.listed);
    CHECK(zeta.required_by.empty());
    REQUIRE(zeta.config);
    CHECK(zeta.config->type == ConfigNode::Type::map);
    CHECK(contains(zeta.location, "gateway.yaml:4:7"));
    const PluginSettings& acme = settings.plugins.load[1];
    CHECK(acme.path == "/opt/acme/filter.so");
    CHECK(acme.on_error == OnError::open);
    CHECK(acme.on_crash == OnCrash::skip);
    CHECK(acme.allow_unsafe);
    REQUIRE(acme.config->get("a"));
    const ConfigNode* b = acme.config->get("a")->get("b");
    REQUIRE(b);
    CHECK(b->items.at(0)->as_i64() == 1);
    CHECK(contains(b->items.at(1)->location, "gateway.yaml:5:"));
    REQUIRE(settings.plugins.load[2].config);
    CHECK(settings.plugins.load[2].config->entries.empty());
}

TEST_CASE("budgets") {
    const Settings settings = loaded(
        "plugins: { load: [{ name: a }, { name: b, budget_ms: 0.25 }, { name: c, budget_ms: 5, on_overrun: "
        "reject, overrun_limit: 3, overrun_retry_ms: 500 }] }\n");
    const auto& load = settings.plugins.load;
    CHECK(load.at(0).budget_ms == 0);
    CHECK(load.at(1).budget_ms == 0.25);
    CHECK(load.at(1).on_overrun == OnOverrun::log);
    CHECK(load.at(1).overrun_limit == 10);
    CHECK(load.at(1).overrun_retry_ms == 10000);
    CHECK(load.at(2).on_overrun == OnOverrun::reject);
    CHECK(load.at(2).overrun_limit == 3);
    CHECK(load.at(2).overrun_retry_ms == 500);
}

TEST_CASE("mistakes in entries") {
    const std::pair<const char*, const char*> cases[] = {
        {"[audit]", "plugins.load[0]: expected a map such as { name: audit }, not \"audit\""},
        {"[{ config: {} }]", "plugins.load[0]: name is missing"},
        {"[{ name: }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: [a] }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: Audit }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: ../audit }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: \"..\" }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: \"\" }]", "plugins.load[0].name: expected a plugin's name"},
        {"[{ name: a }, { name: a }]", "plugins.load[1].name: the name a is taken by the plugin at "},
        {"[{ name: a, path: }]", "plugins.load[0].path: expected the path of a .so file, not nothing"},
        {"[{ name: a, path: \"\" }]", "plugins.load[0].path: expected the path of a .so file"},
        {"[{ name: a, on_error: opne }]", "plugins.load[0].on_error: expected closed or open, not \"opne\""},
        {"[{ name: a, allow_unsafe: 1 }]", "plugins.load[0].allow_unsafe: expected true or false, not \"1\""},
        {"[{ name: a, config: [1] }]", "plugins.load[0].config: expected keys and values, not a list"},
        {"[{ name: a, confg: {} }]", "plugins.load[0].confg: unknown key; did you mean config?"},
        {"[{ name: a, budget_ms: 0 }]", "plugins.load[0].budget_ms: expected milliseconds, 0.001 to 60000; "},
        {"[{ name: a, budget_ms: 60001 }]", "plugins.load[0].budget_ms: expected milliseconds"},
        {"[{ name: a, budget_ms: 5ms }]", "plugins.load[0].budget_ms: expected milliseconds"},
        {"[{ name: a, budget_ms: 5, on_overrun: open }]",
         "plugins.load[0].on_overrun: expected log, bypass or reject, not \"open\""},
        {"[{ name: a, budget_ms: 5, on_overrun: [log] }]",
         "plugins.load[0].on_overrun: expected log, bypass or reject, not a list"},
        {"[{ name: a, budget_ms: 5, overrun_limit: 0 }]",
         "plugins.load[0].overrun_limit: expected a number of calls, 1 to 1000000, not \"0\""},
        {"[{ name: a, budget_ms: 5, overrun_retry_ms: 99 }]",
         "plugins.load[0].overrun_retry_ms: expected a number of milliseconds, 100 to 3600000, not \"99\""},
        {"[{ name: a, on_overrun: bypass }]", "plugins.load[0].on_overrun: needs budget_ms beside it"},
        {"[{ name: a, overrun_limit: 5 }]", "plugins.load[0].overrun_limit: needs budget_ms beside it"},
        {"[{ name: a, on_crash: open }]", "plugins.load[0].on_crash: expected restart or skip, not \"open\""},
        {"{ name: a }",
         "plugins.load: expected a list of plugins such as [{ name: audit }], not keys and values"},
    };
    for (const auto& [list, error] : cases) {
        CAPTURE(list);
        const std::string found = error_of(std::string("plugins:\n  load: ") + list);
        CHECK_MESSAGE(contains(found, error), found);
        CHECK(found.rfind("gateway.yaml:2:", 0) == 0);
    }
    std::string many = "plugins: { load: [";
    for (int i = 0; i < 129; ++i)
        many += "{ name: p" + std::to_string(i) + " },";
    CHECK(contains(error_of(many + "] }"), "more than 128 plugins"));
}

TEST_CASE("websocket_origins bring cors") {
    const Settings settings =
        loaded("wsc: { websocket_origins: [\"https://a.example\"] }\nplugins: { load: [{ name: audit }] }\n");
    REQUIRE(settings.plugins.load.size() == 2);
    CHECK(settings.plugins.load[0].name == "audit");
    const PluginSettings& cors = settings.plugins.load[1];
    CHECK(cors.name == "cors");
    CHECK_FALSE(cors.listed);
    CHECK(cors.required_by == "wsc.websocket_origins");
    CHECK(contains(cors.location, "gateway.yaml:1:27"));
    CHECK(keys_of(*cors.config) == "origins ");
    CHECK(cors.config->get("origins")->items.at(0)->scalar == "https://a.example");
    CHECK(loaded("wsc: { websocket_origins: [] }").plugins.load.empty());
}

TEST_CASE("a listed plugin stays where it is, and takes the section's keys") {
    const Settings settings = loaded(
        "wsc: { websocket_origins: [\"*\"] }\n"
        "plugins: { load: [{ name: cors, on_error: closed, config: { allow_no_origin: false } }, { name: "
        "audit }] }\n");
    REQUIRE(settings.plugins.load.size() == 2);
    const PluginSettings& cors = settings.plugins.load[0];
    CHECK(cors.name == "cors");
    CHECK(cors.listed);
    CHECK(cors.required_by == "wsc.websocket_origins");
    CHECK(keys_of(*cors.config) == "allow_no_origin origins ");
}

TEST_CASE("the same key in both places is an error that names both") {
    CHECK(error_of("wsc:\n  websocket_origins: [\"*\"]\nplugins:\n  load:\n    - name: cors\n      config: { "
                   "origins: [] }\n") ==
          "gateway.yaml:6:17: plugins.load cors.config.origins: is given at gateway.yaml:2:3 too; keep one "
          "of them");
}

TEST_CASE("enable_rate_limit brings limits") {
    const Settings settings = loaded("wsc: { security: { enable_rate_limit: true } }");
    const PluginSettings& limits = plugin(settings, "limits");
    CHECK_FALSE(limits.listed);
    CHECK(limits.required_by == "wsc.security.enable_rate_limit");
    REQUIRE(limits.config);
    CHECK(limits.config->type == ConfigNode::Type::map);
    CHECK(limits.config->entries.empty());
}

TEST_CASE("group and ticket bring their plugins with their whole section, defaults included") {
    const Settings settings = loaded(
        "wsc:\n  group: { enabled: true, max_group_size: 7 }\n  ticket: { enabled: true, auto_assign: false "
        "}\n");
    REQUIRE(settings.plugins.load.size() == 3);
    const PluginSettings& group = plugin(settings, "group");
    CHECK(group.required_by == "wsc.group.enabled");
    CHECK(keys_of(*group.config) ==
          "max_group_size max_groups_per_user max_groups create visibility notice_limit max_metadata_size "
          "changes_per_minute join_token_groups ");
    CHECK(group.config->get("max_group_size")->as_i64() == 7);
    CHECK(group.config->get("max_groups_per_user")->as_i64() == 100);
    CHECK(group.config->get("max_groups_per_user")->location ==
          "the default of wsc.group.max_groups_per_user");
    const PluginSettings& ticket = plugin(settings, "ticket");
    CHECK(ticket.required_by == "wsc.ticket.enabled");
    CHECK(ticket.config->get("auto_assign")->as_bool() == false);
    CHECK(ticket.config->get("max_tickets_per_agent")->as_i64() == 10);
    CHECK(ticket.config->get("ticket_timeout")->as_i64() == 1800);
    CHECK(ticket.config->get("enabled") == nullptr);
}

TEST_CASE("a listed plugin's key goes before the section's default, not before what the section says") {
    const Settings settings = loaded(
        "wsc: { group: { enabled: true } }\nplugins: { load: [{ name: group, config: { max_group_size: 3 } "
        "}] }\n");
    CHECK(plugin(settings, "group").config->get("max_group_size")->as_i64() == 3);
    CHECK(contains(error_of("wsc: { group: { enabled: true, max_group_size: 7 } }\n"
                            "plugins: { load: [{ name: group, config: { max_group_size: 3 } }] }\n"),
                   "plugins.load group.config.max_group_size: is given at gateway.yaml:1:"));
}

TEST_CASE("a listed plugin whose section is off does not get it, and that is said") {
    const LoadResult result = ConfigFolder().load(
        "wsc: { group: { enabled: false, max_group_size: 7 } }\nplugins: { load: [{ name: group }] }\n");
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    CHECK(result.settings->plugins.load.at(0).config->entries.empty());
    REQUIRE(result.warnings.size() == 1);
    CHECK(
        contains(result.warnings[0], "wsc.group.max_group_size: has no effect: wsc.group.enabled is false"));
}

TEST_CASE("enable_auth brings auth-jwt with the auth section") {
    const Settings settings = loaded(
        "wsc:\n  security:\n    enable_auth: true\n    auth: { provider: jwt, issuer: me, keys: [{ kid: a, "
        "secret: b }] }\n");
    const PluginSettings& jwt = plugin(settings, "auth-jwt");
    CHECK_FALSE(jwt.listed);
    CHECK(jwt.required_by == "wsc.security.enable_auth");
    CHECK(keys_of(*jwt.config) == "issuer keys ");
    CHECK(jwt.config->get("keys")->items.at(0)->get("kid")->scalar == "a");
    REQUIRE(settings.wsc.security.auth.keys);
    CHECK(settings.wsc.security.auth.keys->items.size() == 1);
}

TEST_CASE("enable_auth without a key is refused") {
    const char* const message =
        "gateway.yaml:1:33: wsc.security.enable_auth: needs a key to verify tokens with in "
        "wsc.security.auth.keys";
    CHECK(error_of("wsc: { security: { enable_auth: true } }") == message);
    CHECK(error_of("wsc: { security: { enable_auth: true, auth: { provider: jwt, keys: [] } } }") == message);
    CHECK(error_of("wsc: { security: { enable_auth: true, auth: { key: x } } }") == message);
    // The key may be given where the plugin is listed.
    CHECK(errors_of("wsc: { security: { enable_auth: true } }\nplugins: { load: [{ name: auth-jwt, config: { "
                    "keys: [k] } }] }")
              .empty());
}

TEST_CASE("another provider knows itself what it needs") {
    const Settings settings = loaded(
        "wsc: { security: { enable_auth: true, auth: { provider: acme-auth, url: x } } }\n"
        "plugins: { load: [{ name: acme-auth, path: /opt/acme.so }] }\n");
    REQUIRE(settings.plugins.load.size() == 1);
    CHECK(settings.plugins.load[0].required_by == "wsc.security.enable_auth");
    CHECK(settings.plugins.load[0].config->get("url")->scalar == "x");
    CHECK(
        contains(error_of("wsc: { security: { auth: { provider: \"a b\" } } }"), "expected a plugin's name"));
}

std::string names_of(const Settings& settings) {
    std::string names;
    for (const PluginSettings& plugin : settings.plugins.load)
        names += plugin.name + " ";
    return names;
}

TEST_CASE("groups and tickets bring a store, unless the file says who keeps them") {
    const Settings plain = loaded("wsc: { group: { enabled: true } }");
    CHECK(names_of(plain) == "group store-sqlite ");
    const PluginSettings& store = plugin(plain, "store-sqlite");
    CHECK(store.required_by == "wsc.group.enabled");
    REQUIRE(store.config->get("file"));
    CHECK(contains(store.config->get("file")->as_path(), "/data/gatewayd.sqlite"));

    const Settings written = loaded("wsc: { ticket: { enabled: true }, store: { file: /x/y, max_size: 5 } }");
    CHECK(plugin(written, "store-sqlite").config->get("file")->as_path() == "/x/y");
    CHECK(keys_of(*plugin(written, "store-sqlite").config) == "file max_size ");

    CHECK(names_of(loaded("wsc: { group: { enabled: true }, store: { provider: memory } }")) ==
          "group store-memory ");
    CHECK(names_of(loaded("wsc: { group: { enabled: true }, store: { provider: acme.store, a: 1 } }")) ==
          "group acme.store ");
    CHECK(names_of(loaded("wsc: { group: { enabled: true }, store: { provider: none } }")) == "group ");
    CHECK(
        names_of(loaded("wsc: { group: { enabled: true } }\nplugins: { load: [{ name: store-memory }] }")) ==
        "store-memory group ");
    CHECK(names_of(loaded("wsc: { store: { file: x } }")) == "");
}

}  // namespace
}  // namespace gatewayd
