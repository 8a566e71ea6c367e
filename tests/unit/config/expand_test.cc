#include "core/config/expand.h"

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using config::expand_environment;
using config::Expansion;
using testing::contains;
using testing::error_of;
using testing::loaded;

Expansion expanded(std::string_view text) {
    return expand_environment(text, [](std::string_view name) -> std::optional<std::string> {
        if (name == "HOST") return "example.com";
        if (name == "EMPTY") return "";
        if (name == "NESTED") return "${HOST} $$";
        return std::nullopt;
    });
}

TEST_CASE("names, defaults and dollars") {
    CHECK(expanded("plain").text == "plain");
    CHECK(expanded("").text.empty());
    CHECK(expanded("${HOST}").text == "example.com");
    CHECK(expanded("a${HOST}b${HOST}c").text == "aexample.combexample.comc");
    CHECK(expanded("${MISSING:-80}").text == "80");
    CHECK(expanded("${MISSING:-}").text.empty());
    CHECK(expanded("${MISSING:-a:-b$c}").text == "a:-b$c");
    CHECK(expanded("${HOST:-80}").text == "example.com");
    CHECK(expanded("${EMPTY}").text.empty());
    CHECK(expanded("${EMPTY:-x}").text == "x");
    CHECK(expanded("$$").text == "$");
    CHECK(expanded("$${HOST}").text == "${HOST}");
    CHECK(expanded("$$$${HOST}$$").text == "$${HOST}$");
    CHECK(expanded("^a$").text == "^a$");
    CHECK(expanded("$ 5").text == "$ 5");
    CHECK(expanded("}{").text == "}{");
}

TEST_CASE("what takes a name's place is not expanded again") {
    CHECK(expanded("${NESTED}").text == "${HOST} $$");
}

TEST_CASE("references that are no references") {
    CHECK(expanded("${MISSING}").error ==
          "the environment variable MISSING is not set; set it or write ${MISSING:-default}");
    CHECK(expanded("${HOST").error == "${ without a }; write $$ for a dollar");
    for (const std::string& text : std::vector<std::string>{"${}", "${1A}", "${A B}", "${A:?x}", "${A-x}",
                                                            "${:-x}", "${A:}", "${A\n}"}) {
        CAPTURE(text);
        CHECK(contains(expanded(text).error, "is not understood"));
    }
    CHECK(contains(expanded("${A:-${HOST}}").error, "cannot contain another ${"));
}

TEST_CASE("$NAME is kept and warned of") {
    CHECK(expanded("$HOST/x").text == "$HOST/x");
    CHECK(expanded("$HOST/x").warning ==
          "$HOST is not expanded; write ${HOST} for the environment variable, or $$HOST for a dollar");
    CHECK(expanded("$$HOST").warning.empty());
}

TEST_CASE("in a file: values of every kind, never keys, never YAML") {
    const std::map<std::string, std::string> environment{
        {"PORT", "9000"}, {"KEY", "0123456789abcdef"}, {"YAML", "a: [b"}};
    const Settings settings = loaded(
        "wsc: { node_port: 0, path: '/${PORT}' }\n"
        "admin: { api_keys: [\"${KEY}\"] }\n"
        "plugins: { load: [{ name: a, config: { text: \"${YAML}\", \"${PORT}\": 1 } }] }\n",
        {"wsc.node_port=${PORT}"}, environment);
    CHECK(settings.wsc.node_port == 9000);
    CHECK(settings.wsc.path == "/9000");
    CHECK(settings.admin.api_keys.at(0) == "0123456789abcdef");
    CHECK(settings.plugins.load.at(0).config->get("text")->scalar == "a: [b");
    CHECK(settings.plugins.load.at(0).config->get("${PORT}") != nullptr);
}

TEST_CASE("in a file: an unset name has a place, and one error only") {
    CHECK(error_of("wsc:\n  node_port: ${NOT_SET}\n") ==
          "gateway.yaml:2:14: wsc.node_port: the environment variable NOT_SET is not set; set it or write "
          "${NOT_SET:-default}");
}

// Within braces a reference needs quotes, and Compose files have them everywhere.
TEST_CASE("in a file: a value that is one reference has the type of what takes its place, in quotes or not") {
    const std::map<std::string, std::string> environment{{"PORT", "9000"}};
    CHECK(loaded("wsc: { node_port: \"${PORT}\" }", {}, environment).wsc.node_port == 9000);
    CHECK(loaded("wsc:\n  node_port: ${PORT}\n", {}, environment).wsc.node_port == 9000);
    CHECK(loaded("wsc:\n  enabled: '${ON:-false}'\n").wsc.enabled == false);
    CHECK(contains(error_of("wsc: { node_port: \"9${PORT}\" }", {}, environment), "not the text \"99000\""));
    CHECK(contains(error_of("wsc: { node_port: \"${PORT}${PORT}\" }", {}, {{"PORT", "1"}}),
                   "not the text \"11\""));
}

TEST_CASE("values do not grow without end") {
    std::string yaml = "plugins: { load: [{ name: a, config: { list: [";
    for (int i = 0; i < 200; ++i)
        yaml += "\"${BIG}\",";
    CHECK(contains(testing::errors_of(yaml + "] } }] }", {}, {{"BIG", std::string(10000, 'x')}}).at(0),
                   "the values are larger than 1 MiB after expansion of ${NAME}"));
}

TEST_CASE("a value from the environment that is no UTF-8") {
    CHECK(contains(error_of("log: { level: \"${L}\" }", {}, {{"L", "\xff"}}), "is not UTF-8 text"));
}

}  // namespace
}  // namespace gatewayd
