// The examples redact, require-header and tidy (Rust).
#include <doctest/doctest.h>

#include <filesystem>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::Handshake;
using gateway::harness::Plugin;

struct Running : Plugin {
    explicit Running(const std::string& name, const std::string& yaml = {})
        : Plugin(GATEWAYD_PLUGIN_FOLDER "/" + name + ".so") {
        create(yaml);
        start();
    }
    // What becomes of a content.
    std::string content(const std::string& text) {
        return connect().message(R"({"type":"text","to":"u2","content":")" + text + "\"}").field("content");
    }
    std::string data(const std::string& json) {
        return connect().message(R"({"type":"text","to":"u2","data":)" + json + "}").json("data");
    }
};
std::string refusal(const std::string& name, const std::string& yaml) {
    return Plugin(GATEWAYD_PLUGIN_FOLDER "/" + name + ".so").refusal(yaml);
}

// --- redact ---

TEST_CASE("redact masks card numbers whose check digit is right, and leaves other numbers") {
    Running plugin("redact", "phones: false");
    CHECK(plugin.content("card 4111111111111111.") == "card ************1111.");
    CHECK(plugin.content("4111 1111-1111 1111") == "**** ****-**** 1111");
    CHECK(plugin.content("3782 822463 10005") == "**** ****** *0005");
    CHECK(plugin.content("12 5555 5555 5555 4444 7") == "12 **** **** **** 4444 7");
    CHECK(plugin.content("4111111111111111 4012888888881881") == "************1111 ************1881");
    CHECK(plugin.content("4111111111111112") == "4111111111111112");
    CHECK(plugin.content("1234567890123452") == "1234567890123452");            // right, but no issuer's
    CHECK(plugin.content("941111111111111111119") == "941111111111111111119");  // within a longer number
    CHECK(plugin.content("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1") == "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    CHECK(plugin.content("+49 30 1234567") == "+49 30 1234567");
}

TEST_CASE("redact masks phone numbers as people write them") {
    Running plugin("redact", "{cards: false, keep_last: 2, mask: '#'}");
    CHECK(plugin.content("call +49 30 1234567, please") == "call +## ## #####67, please");
    CHECK(plugin.content("0049 (30) 123 45 67") == "#### (##) ### ## 67");
    CHECK(plugin.content("(202) 555-0175 or 202-555-0175") == "(###) ###-##75 or ###-###-##75");
    CHECK(plugin.content("030/1234567") == "###/#####67");
    CHECK(plugin.content("on 2026-11-26 at 10:15, room 0815") == "on 2026-11-26 at 10:15, room 0815");
}

TEST_CASE("redact looks into JSON values, at every depth, and leaves keys and other numbers") {
    Running plugin("redact");
    CHECK(plugin.data(R"({"a":[1,{"4111111111111111":"x 4111111111111111"}],"b":4111111111111111})") ==
          R"({"a":[1,{"4111111111111111":"x ************1111"}],"b":"************1111"})");
    CHECK(plugin.data(R"(["\u0034111111111111111 \ud83d\ude00\n\"",true,null])") ==
          "[\"************1111 \xF0\x9F\x98\x80\\u000a\\\"\",true,null]");
    const std::string harmless = R"({"a":0.4111111111111111,"b":4111111111111111e3,"c":"\u0041 \\"})";
    CHECK(plugin.data(harmless) == harmless);
}

TEST_CASE("redact takes patterns of the YAML, and says where one is wrong") {
    Running plugin(
        "redact",
        R"({patterns: [{regex: '(secret)=\w+', replace: '\1=?'}, {regex: 'x{3}'}], fields: [content]})");
    CHECK(plugin.content("secret=abc xxx") == "secret=? [redacted]");
    CHECK(plugin.data(R"({"a":"xxx"})") == R"({"a":"xxx"})");
    CHECK(refusal("redact", "patterns:\n  - regex: '[a-'") ==
          "test.yaml:2:12: patterns[0].regex: is no regular expression (RE2): missing ]: [a-");
    CHECK(refusal("redact", "patterns: [{regex: 'a*'}]") ==
          "test.yaml:1:20: patterns[0].regex: matches the empty text, and so would match everywhere");
    CHECK(refusal("redact", "patterns: [{regex: 'a', replace: '\\1'}]").find("does not fit") !=
          std::string::npos);
    CHECK(refusal("redact", "patterns: [{replace: x}]") == "test.yaml:1:12: patterns[0].regex: is required");
    CHECK(refusal("redact", "mask: '7'") == "test.yaml:1:7: mask: must be one ASCII character, and no digit");
    CHECK(refusal("redact", "applies_to: [handshake]") ==
          "test.yaml:1:14: applies_to[0]: must be message, publish or delivery");
    CHECK(refusal("redact", "{cards: false, phones: false}").find("there is nothing to mask") !=
          std::string::npos);
}

TEST_CASE("redact wants what applies_to says: messages and publishes unless told otherwise") {
    CHECK(Running("redact").kinds() == (GW_KIND_MESSAGE | GW_KIND_PUBLISH));
    Running plugin("redact", "applies_to: [delivery]");
    CHECK(plugin.kinds() == GW_KIND_DELIVERY);
    CHECK(plugin.content("4111111111111111") == "4111111111111111");
    const auto delivery = plugin.connect().deliver(R"({"type":"text","content":"4111111111111111"})");
    CHECK(delivery.field("content") == "************1111");
}

TEST_CASE("a long content costs redact time in line with its length") {
    Running plugin("redact", R"(patterns: [{regex: '(a*)*(a|aa)*b'}])");
    CHECK(plugin.content(std::string(100000, 'a')).size() == 100000);
    std::string numbers;
    while (numbers.size() < 100000)
        numbers += "411 ";
    CHECK(plugin.connect().message(R"({"type":"text","content":")" + numbers + "\"}").outcome() == "passed");
}

// --- require-header ---

TEST_CASE("require-header refuses with the rule's status and words, and never says what would be right") {
    Running plugin("require-header", R"(
rules:
  - header: X-Api-Version
  - {header: X-Client, prefix: acme/}
  - {header: User-Agent, regex: 'Acme(Desk|Phone)/\d+'}
  - {header: X-Key, equals: [old, new], status: 401, why: ask operations for a key}
)");
    CHECK(plugin.kinds() == GW_KIND_HANDSHAKE);
    CHECK(plugin.stage() == GW_STAGE_HANDSHAKE);
    Handshake http;
    const auto refused = [&](const std::string& name, const std::string& value, int32_t status,
                             const std::string& why) {
        Handshake other = http;
        other.headers.erase(name);
        if (!value.empty()) other.headers[name] = value;
        const auto request = plugin.handshake(other);
        CHECK(request.outcome() == "rejected");
        CHECK(request.rejection().status == status);
        CHECK(request.rejection().why == why);
    };
    http.headers = {
        {"x-api-version", "3"}, {"X-Client", "acme/1"}, {"User-Agent", "AcmeDesk/12"}, {"X-Key", "new"}};
    CHECK(plugin.handshake(http).outcome() == "passed");
    refused("x-api-version", "", 403, "the header X-Api-Version is missing");
    refused("X-Client", "acme", 403, "the header X-Client has a value that is not allowed");
    refused("User-Agent", "AcmeDesk/12 (evil)", 403, "the header User-Agent has a value that is not allowed");
    refused("X-Key", "newer", 401, "ask operations for a key");
    refused("X-Key", "", 401, "ask operations for a key");
}

TEST_CASE("require-header says where its configuration is wrong") {
    CHECK(refusal("require-header", "").find("rules: is required: at least one") != std::string::npos);
    CHECK(refusal("require-header", "rules: [{header: 'X Y'}]") ==
          "test.yaml:1:18: rules[0].header: must be the name of a header, as in X-Api-Key");
    CHECK(refusal("require-header", "rules: [{header: X, regex: '('}]") ==
          "test.yaml:1:28: rules[0].regex: is no regular expression (RE2): missing ): (");
    CHECK(refusal("require-header", "rules: [{header: X, prefix: a, equals: b}]").find("only one of") !=
          std::string::npos);
    CHECK(refusal("require-header", "rules: [{header: X, status: 200}]") ==
          "test.yaml:1:29: rules[0].status: must be from 400 to 599");
}

// --- tidy ---

bool built(const std::string& file) {
    if (std::filesystem::exists(file)) return true;
    MESSAGE("skipped: there is no rustc, so " << file << " was not built");
    return false;
}

TEST_CASE("tidy, in Rust: white space becomes single spaces") {
    if (!built(GATEWAYD_PLUGIN_FOLDER "/tidy.so")) return;
    Running plugin("tidy", "max_characters: 10");
    CHECK(plugin.content("  hello, \\n\\t Zo\xC3\xAB ") == "hello, Zo\xC3\xAB");
    auto alice = plugin.connect();
    const auto empty = alice.message(R"({"type":"text","content":" \n "})");
    CHECK(empty.outcome() == "rejected");
    CHECK(empty.rejection().why == "the content is empty");
    const auto longer = alice.message(R"({"type":"text","content":"01234567890"})");
    CHECK(longer.rejection().word == "too_large");
    CHECK(longer.rejection().why == "11 characters are more than 10");
    CHECK(alice.message(R"({"type":"text","content":7})").outcome() == "passed");
    plugin.refuse("set_field", GW_E_STATE);
    CHECK(alice.message(R"({"type":"text","content":" a"})").outcome() == "failed");
}

TEST_CASE("tidy says where its configuration is wrong") {
    if (!built(GATEWAYD_PLUGIN_FOLDER "/tidy.so")) return;
    CHECK(refusal("tidy", "max: 3") == "test.yaml:1:6: max: unknown key; there is: max_characters");
    CHECK(refusal("tidy", "max_characters: 0") ==
          "test.yaml:1:17: max_characters: must be a whole number from 1 to 1000000");
}

TEST_CASE("a panic in Rust ends at the border: logged with its place, the hook's error") {
    const std::string file = GATEWAYD_TEST_PLUGIN_FOLDER "/rust_panics.so";
    if (!built(file)) return;
    Plugin plugin(file);
    plugin.create();
    plugin.start();
    CHECK(plugin.connect().message(R"({"type":"text","content":"x"})").outcome() == "failed");
    REQUIRE(plugin.log().size() == 1);
    CHECK(plugin.log()[0].find("panic in intercept") != std::string::npos);
    CHECK(plugin.log()[0].find("no use for x") != std::string::npos);
    CHECK(plugin.log()[0].find("rust_panics.rs:") != std::string::npos);
}

}  // namespace
}  // namespace gatewayd
