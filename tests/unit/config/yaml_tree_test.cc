// What of YAML is taken and what is not, and texts that were made to hurt.
#include "core/config/yaml_tree.h"

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::contains;
using testing::error_of;
using testing::errors_of;
using testing::loaded;

config::Environment no_environment() {
    return [](std::string_view) { return std::nullopt; };
}

ConfigNodePtr parsed(const std::string& text) {
    config::Problems problems;
    ConfigNodePtr node =
        config::parse_yaml({text, "f.yaml", true, "", "/etc/gatewayd"}, no_environment(), problems);
    CHECK_FALSE(problems.any_errors());
    return node;
}

std::string repeated(const std::string& text, size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

TEST_CASE("a tree with places") {
    const ConfigNodePtr root = parsed("a: 1\nb:\n  - x\n  - \"y\"\n  - { c: ~ }\nd:\n");
    REQUIRE(root);
    CHECK(root->type == ConfigNode::Type::map);
    CHECK(root->entries.size() == 3);
    CHECK(root->get("a")->location == "f.yaml:1:4");
    CHECK(root->get("a")->key_location == "f.yaml:1:1");
    CHECK(root->get("a")->base_folder == "/etc/gatewayd");
    const ConfigNode* list = root->get("b");
    REQUIRE(list->items.size() == 3);
    CHECK(list->items[0]->location == "f.yaml:3:5");
    CHECK_FALSE(list->items[0]->quoted);
    CHECK(list->items[1]->quoted);
    CHECK(list->items[2]->get("c")->type == ConfigNode::Type::null);
    // An empty value stands where its key does.
    CHECK(root->get("d")->location == "f.yaml:6:1");
    CHECK(root->get("e") == nullptr);
    CHECK(list->get("a") == nullptr);
}

TEST_CASE("scalars by type") {
    const ConfigNodePtr root = parsed(
        "t: true\nn: -12\nf: 1.5e3\nq: \"12\"\nw: word\no: 0123\nbig: 9223372036854775808\nmin: "
        "-9223372036854775808\n"
        "inf: inf\nnan: nan\ninf2: .inf\nplus: +1\nhex: 0x10\nspace: \"1 \"\nhuge: 1e999\n");
    const auto node = [&](const std::string& key) { return root->get(key); };
    CHECK(node("t")->as_bool() == true);
    CHECK(node("t")->as_i64() == std::nullopt);
    CHECK(node("n")->as_i64() == -12);
    CHECK(node("n")->as_f64() == -12.0);
    CHECK(node("n")->as_bool() == std::nullopt);
    CHECK(node("f")->as_f64() == 1500.0);
    CHECK(node("f")->as_i64() == std::nullopt);
    CHECK(node("q")->as_i64() == std::nullopt);
    CHECK(node("q")->as_f64() == std::nullopt);
    CHECK(node("w")->as_f64() == std::nullopt);
    CHECK(node("o")->as_i64() == std::nullopt);
    CHECK(node("big")->as_i64() == std::nullopt);
    CHECK(node("min")->as_i64() == INT64_MIN);
    for (const std::string& key :
         std::vector<std::string>{"inf", "nan", "inf2", "plus", "hex", "space", "huge"}) {
        CAPTURE(key);
        CHECK(node(key)->as_f64() == std::nullopt);
        CHECK(node(key)->as_i64() == std::nullopt);
    }
    CHECK(node("w")->as_path() == "/etc/gatewayd/word");
    CHECK(parsed("/var/../log/x")->as_path() == "/log/x");
    CHECK(parsed("[a]")->as_path().empty());
}

TEST_CASE("not YAML: the line is named") {
    CHECK(contains(error_of("wsc:\n  enabled: true\n node_ip: x\n"), "gateway.yaml:3:2: not YAML: "));
    CHECK(contains(error_of("wsc:\n\tenabled: true\n"), "gateway.yaml:2:9: not YAML: "));
    CHECK(contains(error_of("wsc:\n\tenabled: true\n"), "(indent with spaces, not with tabs)"));
    CHECK(contains(error_of("wsc:\n  path: /a\n\tnode_port: 1\n"), "gateway.yaml:3:1: not YAML: "));
    CHECK(contains(error_of("[wsc\n"),
                   "gateway.yaml:1:1: a list or a map cannot be a key; is a bracket or a brace left open?"));
    CHECK(contains(error_of("wsc: { enabled: true\n"), "not YAML: "));
    CHECK(contains(error_of("wsc: [1, 2\nadmin: }\n"), "not YAML: "));
    CHECK(contains(error_of("wsc: *nothing\n"), "gateway.yaml:1:6: not YAML: "));
    CHECK(contains(error_of("@wsc: 1\n"), "gateway.yaml:1:1: not YAML: "));
}

TEST_CASE("a quote that is never closed does not swallow the rest of the file") {
    CHECK(error_of("wsc:\n  path: \"/ws\n  node_port: 1\n") ==
          "gateway.yaml:2:9: not YAML: a quote that is never closed");
    CHECK(error_of("wsc:\n  path: '/ws''\n") == "gateway.yaml:2:9: not YAML: a quote that is never closed");
    CHECK(error_of("wsc:\n  path: \"/ws\\\"\n") ==
          "gateway.yaml:2:9: not YAML: a quote that is never closed");
    CHECK(loaded("wsc:\n  path: '/w''s'\n").wsc.path == "/w's");
    CHECK(loaded("wsc:\n  path: &x \"/w\\\"s\" # it's\n").wsc.path == "/w\"s");
    CHECK(loaded("log: {level: \"info\"} # ä \"\n").log.level == LogLevel::info);
}

TEST_CASE("the top is a map") {
    CHECK(error_of("- wsc\n") == "gateway.yaml:1:1: expected keys such as wsc:, not a list");
    CHECK(error_of("wsc\n") == "gateway.yaml:1:1: expected keys such as wsc:, not \"wsc\"");
}

TEST_CASE("a key that is given twice is an error, also in flow style and in quotes") {
    CHECK(error_of("wsc:\n  node_port: 1\n  path: /ws\n  node_port: 2\n") ==
          "gateway.yaml:4:3: wsc.node_port: given twice; the first is at gateway.yaml:2:3");
    CHECK(error_of("log: { level: info, \"level\": info }") ==
          "gateway.yaml:1:21: log.level: given twice; the first is at gateway.yaml:1:8");
    CHECK(error_of("plugins: { load: [{ name: a, config: { x: 1, x: 2 } }] }") ==
          "gateway.yaml:1:46: plugins.load[0].config.x: given twice; the first is at gateway.yaml:1:40");
}

TEST_CASE("one document") {
    CHECK(loaded("---\nwsc: { node_port: 1 }\n...\n").wsc.node_port == 1);
    CHECK(error_of("wsc: { node_port: 1 }\n---\nwsc: { node_port: 2 }\n") ==
          "gateway.yaml:2:1: a second YAML document (---); a configuration is one document");
}

TEST_CASE("what of YAML is not taken") {
    CHECK(error_of("wsc: { node_port: !!int 5 }") ==
          "gateway.yaml:1:19: YAML tags are not taken: \"tag:yaml.org,2002:int\"");
    CHECK(contains(error_of("wsc: !custom { enabled: true }"), "YAML tags are not taken"));
    CHECK(contains(error_of("a: &a { x: 1 }\nwsc:\n  <<: *a\n"),
                   "gateway.yaml:3:3: YAML merge keys (<<) are not taken"));
    CHECK(contains(error_of("? [a]\n: 1\n"), "a list or a map cannot be a key"));
    CHECK(contains(error_of("{ {a: b}: 1 }\n"), "a list or a map cannot be a key"));
    CHECK(contains(error_of(": 1\n"), "a key is missing"));
    CHECK(contains(error_of("a: &a x\n*a : 1\n"), "an alias cannot be a key"));
    CHECK(contains(error_of(std::string(257, 'k') + ": 1\n"), "a key longer than 256 bytes"));
}

TEST_CASE("anchors and aliases work, and keep their key's place") {
    const Settings settings =
        loaded("wsc:\n  heartbeat_interval: &t 7\n  performance: { handshake_timeout: *t }\n");
    CHECK(settings.wsc.performance.handshake_timeout_s == 7);
    CHECK(error_of("wsc:\n  heartbeat_interval: &t 7\n  typo: *t\n")
              .rfind("gateway.yaml:3:3: wsc.typo: unknown key", 0) == 0);
}

TEST_CASE("an alias within its own anchor") {
    CHECK(error_of("wsc: &a [ *a ]") == "gateway.yaml:1:11: an alias within its own anchor");
    CHECK(error_of("wsc: &a { x: { y: *a } }") == "gateway.yaml:1:19: an alias within its own anchor");
}

TEST_CASE("a billion laughs") {
    std::string yaml = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string inner = "*a" + std::to_string(i - 1);
        const std::string name = "a" + std::to_string(i);
        yaml += name + ": &" + name + " [" + inner + repeated(", " + inner, 9) + "]\n";
    }
    CHECK(contains(error_of(yaml), "more than 100000 values, with those that aliases repeat"));
}

TEST_CASE("nesting without end") {
    const char* const too_deep = "more than 32 lists and maps within each other";
    CHECK(contains(error_of(repeated("- ", 200000)), too_deep));
    CHECK(contains(error_of(repeated("[", 300) + repeated("]", 300)), too_deep));
    CHECK(contains(error_of("a: " + repeated("{a: ", 100) + repeated("}", 100)), too_deep));
    for (const std::string& endless :
         std::vector<std::string>{"[", "{", "{a: ", "[{", "? ", "&a [", "? - "}) {
        const std::string pattern = endless;
        CAPTURE(pattern);
        CHECK(errors_of(repeated(pattern, 200000)).size() == 1);
        CHECK(errors_of("wsc: " + repeated(pattern, 200000)).size() == 1);
    }
    std::string stairs;
    for (size_t i = 0; i < 600; ++i)
        stairs += std::string(i, ' ') + "a:\n";
    CHECK(contains(error_of(stairs), "more than 32 lists and maps within each other"));
    // As deep as it may be: a map for plugins, its list, its map, and 29 lists.
    const std::string deepest =
        "plugins: { load: [{ name: a, config: { x: " + repeated("[", 27) + repeated("]", 27) + " } }] }";
    CHECK(errors_of(deepest).empty());
}

TEST_CASE("more values than there may be") {
    CHECK(contains(error_of("wsc: [" + repeated("a,", 120000) + "]"), "more than 100000 values"));
    std::string many_keys;
    for (int i = 0; i < 60000; ++i)
        many_keys += "k" + std::to_string(i) + ":\n";
    CHECK(errors_of(many_keys).size() == 101);
}

TEST_CASE("a file of more than 1 MiB") {
    CHECK(error_of("# " + std::string(1024 * 1024, 'x')) == "gateway.yaml: larger than 1024 KB");
    CHECK(errors_of("#" + std::string(1024 * 1024 - 1, 'x')).empty());
}

TEST_CASE("text that is no text") {
    CHECK(error_of("wsc: { path: \"/\xff\" }") == "gateway.yaml: is not UTF-8 text");
    CHECK(error_of(std::string("\xff\xfew\0s\0c\0", 8)) == "gateway.yaml: is not UTF-8 text");
    CHECK(error_of(std::string("wsc:\n  path: /a\0b\n", 18)) ==
          "gateway.yaml: a control character in line 2");
    CHECK(error_of("wsc:\n\n  path: /a\x1b[2J\n") == "gateway.yaml: a control character in line 3");
    CHECK(loaded("\xEF\xBB\xBFwsc: { node_port: 5 }\r\n").wsc.node_port == 5);
    CHECK(contains(error_of("wsc: { path: \"/a\\0b\" }"),
                   "gateway.yaml:1:14: wsc.path: is not UTF-8 text, or contains NUL"));
}

// Every beginning of a large text, and the text with each byte replaced: an answer, whatever it is.
TEST_CASE("damaged texts are answered, not crashed on") {
    const std::string whole =
        "%YAML 1.2\n---\nwsc: &w { enabled: true, path: '/w''s', \"node_ip\": \"::\" }\nlog:\n  level: |-\n  "
        "  info\n"
        "  format: >\n    json\nplugins:\n  load:\n  - name: a\n    config: { f: *w, g: [~, ${X:-1}, $$] "
        "}\n# end\n...\n";
    config::Problems unused;
    const auto parse = [&](const std::string& text) {
        config::Problems problems;
        return config::parse_yaml({text, "f.yaml", true, "", "/"}, no_environment(), problems) != nullptr ||
               problems.any_errors();
    };
    for (size_t length = 0; length <= whole.size(); ++length)
        CHECK(parse(whole.substr(0, length)));
    for (size_t at = 0; at < whole.size(); ++at) {
        for (char byte :
             {'\n', ':', '"', '\'', '{', ']', '&', '*', '!', '|', '%', ' ', '#', '?', '-', '\t'}) {
            std::string damaged = whole;
            damaged[at] = byte;
            if (!parse(damaged)) FAIL_CHECK(damaged);
        }
    }
}

}  // namespace
}  // namespace gatewayd
