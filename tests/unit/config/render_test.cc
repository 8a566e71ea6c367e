// The files that ship and the page that explains them say what the program says.
#include "core/config/render.h"

#include <algorithm>
#include <cstdlib>

#include "core/config/json_schema.h"
#include "core/config/schema.h"
#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::ConfigFolder;
using testing::contains;
using testing::joined;
using testing::loaded;
using testing::read_text;

const std::string source_folder = GATEWAYD_SOURCE_DIR;

// GATEWAYD_UPDATE=1 writes the file anew instead of comparing it.
void check_same(const std::string& file, const std::string& expected) {
    if (std::getenv("GATEWAYD_UPDATE") != nullptr) std::ofstream(file, std::ios::binary) << expected;
    CHECK_MESSAGE(read_text(file) == expected, file << " is not what the schema says; run this test with "
                                                       "GATEWAYD_UPDATE=1 and look at the difference");
}

std::string cell(const std::string& text) {
    std::string out;
    for (char c : text)
        out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

// The rows of docs/configuration.md between its two markers.
std::string key_table() {
    std::string table = "| key | type | default | meaning |\n|---|---|---|---|\n";
    const std::string effective = render_effective(Settings());
    for (const config::Key& key : config::schema_keys()) {
        const std::string range = config::range_text(key);
        const std::string type = range.empty() ? config::type_name(key) : range;
        const std::string leaf = std::string(2 * std::count(key.path.begin(), key.path.end(), '.'), ' ') +
                                 std::string(config::leaf_of(key.path)) + ": ";
        // After its section's heading: leaves such as `enabled` are not unique.
        const std::string section(config::parent_of(key.path));
        const std::string heading = std::string(2 * std::count(section.begin(), section.end(), '.'), ' ') +
                                    std::string(config::leaf_of(section)) + ":\n";
        const size_t at = effective.find("\n" + leaf, ("\n" + effective).find("\n" + heading));
        REQUIRE(at != std::string::npos);
        const size_t start = at + 1 + leaf.size();
        const std::string value = effective.substr(start, effective.find('\n', start) - start);
        table += "| `" + key.path + "` | " + cell(type) + " | `" + cell(value) + "` | " + cell(key.meaning) +
                 " |\n";
    }
    return table;
}

TEST_CASE("config/reference.yaml is the schema") {
    check_same(source_folder + "/config/reference.yaml", render_reference());
}

TEST_CASE("config/gatewayd.schema.json is the schema") {
    check_same(source_folder + "/config/gatewayd.schema.json", render_json_schema());
}

TEST_CASE("config/reference.yaml loads as exactly the defaults, without a warning") {
    LoadOptions options;
    options.file = source_folder + "/config/reference.yaml";
    const LoadResult result = load_settings(options);
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    CHECK(result.warnings.empty());
    Settings read = *result.settings;
    Settings defaults;
    for (const config::Key& key : config::schema_keys()) {
        if (key.slot == nullptr) continue;
        CAPTURE(key.path);
        const config::Slot left = key.slot(read);
        const config::Slot right = key.slot(defaults);
        std::visit(
            [&](auto slot) {
                using Alternative = decltype(slot);
                if constexpr (std::is_same_v<Alternative, config::Choice>) {
                    CHECK(*slot.value == *std::get<Alternative>(right).value);
                } else {
                    CHECK(*slot == *std::get<Alternative>(right));
                }
            },
            left);
    }
    CHECK(read.plugins.load.empty());
}

TEST_CASE("the reference names every key of the schema") {
    const std::string reference = render_reference();
    for (const config::Key& key : config::schema_keys()) {
        CAPTURE(key.path);
        CHECK(contains(reference,
                       "\n" + std::string(2 * std::count(key.path.begin(), key.path.end(), '.'), ' ') +
                           std::string(config::leaf_of(key.path)) + ": "));
        CHECK_FALSE(key.meaning.empty());
        CHECK(config::find_section(config::parent_of(key.path)) != nullptr);
    }
}

TEST_CASE("every number's default is within its range") {
    Settings defaults;
    for (const config::Key& key : config::schema_keys()) {
        if (key.slot == nullptr) continue;
        const config::Slot slot = key.slot(defaults);
        const bool small = std::holds_alternative<uint16_t*>(slot);
        if (!small && !std::holds_alternative<uint32_t*>(slot)) continue;
        CAPTURE(key.path);
        const int64_t value = small ? *std::get<uint16_t*>(slot) : *std::get<uint32_t*>(slot);
        CHECK((value >= key.min || !key.word_for_zero.empty()));
        CHECK(value <= key.max);
        CHECK(key.min < key.max);
        CHECK(key.max <= (small ? UINT16_MAX : UINT32_MAX));
    }
}

TEST_CASE("the table of docs/configuration.md is the schema") {
    const std::string file = source_folder + "/docs/configuration.md";
    const std::string page = read_text(file);
    const std::string begin = "<!-- keys: made from core/config/schema.cc -->\n";
    const std::string end = "<!-- end of keys -->\n";
    const size_t from = page.find(begin);
    const size_t to = page.find(end);
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    check_same(file, page.substr(0, from + begin.size()) + key_table() + page.substr(to));
}

TEST_CASE("config/gateway.yaml: three lines, and they load") {
    LoadOptions options;
    options.file = source_folder + "/config/gateway.yaml";
    const LoadResult result = load_settings(options);
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    CHECK(result.warnings.empty());
    CHECK(result.settings->wsc.node_ip == "0.0.0.0");
    CHECK(result.settings->wsc.node_port == 8081);
    CHECK(render_effective(*result.settings) == render_effective(Settings()));
}

TEST_CASE("the effective configuration has every value in force and can be loaded again") {
    const std::string yaml = R"(
wsc:
  node_ip: "::1"
  node_port: 0
  path: "/a$$b"
  performance: { io_threads: 2, slow_client: drop_newest }
  security: { allowed_user_types: [customer, "true", "8"], broadcast_user_types: [] }
plugins:
  path: [/opt/plug ins]
  load:
    - { name: audit, path: /opt/a.so, on_error: open, on_crash: skip, allow_unsafe: true, budget_ms: 0.5, on_overrun: bypass, overrun_limit: 7, config: { file: /x, n: 5, s: "5", l: [a, [b], {}], e: , m: { k: "a\nb$${X}", "$${X}": 1 } } }
admin: { listen: false }
log: { level: warn }
)";
    const std::string effective = render_effective(loaded(yaml));
    const Settings again = loaded(effective);
    CHECK(again.wsc.node_ip == "::1");
    CHECK(again.wsc.node_port == 0);
    CHECK(again.wsc.path == "/a$b");
    CHECK(again.wsc.performance.io_threads == 2);
    CHECK(again.wsc.performance.slow_client == SlowClientPolicy::drop_newest);
    CHECK(again.wsc.security.allowed_user_types == std::vector<std::string>{"customer", "true", "8"});
    CHECK(again.wsc.security.broadcast_user_types.empty());
    CHECK(again.plugins.path == std::vector<std::string>{"/opt/plug ins"});
    CHECK(again.admin.listen.empty());
    CHECK(again.log.level == LogLevel::warn);
    const PluginSettings& audit = again.plugins.load.at(0);
    CHECK(audit.on_error == OnError::open);
    CHECK(audit.on_crash == OnCrash::skip);
    CHECK(audit.allow_unsafe);
    CHECK(audit.budget_ms == 0.5);
    CHECK(audit.on_overrun == OnOverrun::bypass);
    CHECK(audit.overrun_limit == 7);
    CHECK(audit.overrun_retry_ms == 10000);
    CHECK(audit.path == "/opt/a.so");
    CHECK(audit.config->get("n")->as_i64() == 5);
    CHECK(audit.config->get("s")->as_i64() == std::nullopt);
    CHECK(audit.config->get("l")->items.at(1)->items.at(0)->scalar == "b");
    CHECK(audit.config->get("l")->items.at(2)->type == ConfigNode::Type::map);
    CHECK(audit.config->get("e")->type == ConfigNode::Type::null);
    CHECK(audit.config->get("m")->get("k")->scalar == "a\nb${X}");
    // Keys are not expanded, so their dollars stay as they are.
    CHECK(audit.config->get("m")->get("$${X}")->as_i64() == 1);
    CHECK(render_effective(again) == effective);
}

TEST_CASE("secrets are masked in the effective configuration") {
    const std::string effective = render_effective(loaded(R"(
wsc: { security: { enable_auth: true, auth: { keys: [{ kid: one, value: hunter2 }] } } }
plugins:
  load:
    - name: x
      config: { api_key: hunter2, DB_Password: hunter2, nested: [{ token: hunter2 }], secrets: { a: [hunter2] }, file: shown, max_token_size: 8192 }
admin: { api_keys: [hunter2hunter2hunter2, "hunter2hunter2hunter2${X:-}x"] }
)"));
    CHECK_FALSE(contains(effective, "hunter2"));
    CHECK(contains(effective, "  api_keys: [\"***\", \"***\"]\n"));
    CHECK(contains(effective, "      keys: [\"***\"]\n"));
    CHECK(contains(effective, "api_key: \"***\"\n"));
    CHECK(contains(effective, "file: shown\n"));
    CHECK(contains(effective, "max_token_size: 8192\n"));
}

TEST_CASE("plugins that sections bring are named in the effective configuration") {
    const std::string brought = render_effective(loaded("wsc: { websocket_origins: [\"*\"] }"));
    CHECK(contains(brought, "  load: []\n    # cors: not listed, brought by wsc.websocket_origins\n"));
    const std::string listed =
        render_effective(loaded("wsc: { websocket_origins: [\"*\"] }\nplugins: { load: [{ name: cors }] }"));
    CHECK(contains(listed, "    # with the configuration of wsc.websocket_origins\n    - name: cors\n"));
    CHECK(loaded(brought).plugins.load.size() == 1);
}

}  // namespace
}  // namespace gatewayd
