#include <doctest/doctest.h>

#include "plugins/cors/origin.h"
#include "tests/support/loaded_plugin.h"

namespace gatewayd {
namespace {

using cors::OriginPattern;
using testing::FakeNode;
using testing::FakeRequest;
using testing::LoadedPlugin;

bool matches(const std::string& pattern, const std::string& origin) {
    std::string error;
    const auto parsed = OriginPattern::parse(pattern, &error);
    REQUIRE_MESSAGE(parsed, pattern << ": " << error);
    return parsed->matches(origin);
}

std::string pattern_error(const std::string& pattern) {
    std::string error;
    return OriginPattern::parse(pattern, &error) ? "" : error;
}

TEST_CASE("an exact origin: scheme, host and port are the same") {
    CHECK(matches("https://app.example.com", "https://app.example.com"));
    CHECK(matches("https://App.Example.com", "https://aPP.example.COM"));
    CHECK(matches("HTTPS://app.example.com", "https://app.example.com"));
    CHECK_FALSE(matches("https://app.example.com", "http://app.example.com"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com.evil.example"));
    CHECK_FALSE(matches("https://app.example.com", "https://example.com"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com/"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com https://evil.example"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com@evil.example"));
    CHECK_FALSE(matches("https://app.example.com", "null"));
    CHECK_FALSE(matches("https://app.example.com", ""));
}

TEST_CASE("a default port may be written or not") {
    CHECK(matches("https://app.example.com", "https://app.example.com:443"));
    CHECK(matches("https://app.example.com:443", "https://app.example.com"));
    CHECK(matches("http://localhost:80", "http://localhost"));
    CHECK(matches("http://localhost:5173", "http://localhost:5173"));
    CHECK_FALSE(matches("http://localhost:5173", "http://localhost:5174"));
    CHECK_FALSE(matches("http://localhost", "http://localhost:8080"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com:80"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com:"));
    CHECK_FALSE(matches("https://app.example.com", "https://app.example.com:0443x"));
    CHECK(matches("http://[::1]:5173", "http://[::1]:5173"));
    CHECK_FALSE(matches("http://[::1]:5173", "http://[::1]"));
    CHECK(matches("capacitor://localhost", "capacitor://localhost"));
}

TEST_CASE("a wildcard matches subdomains alone: not the apex, not a host that merely ends alike") {
    const std::string pattern = "https://*.example.com";
    CHECK(matches(pattern, "https://a.example.com"));
    CHECK(matches(pattern, "https://A.EXAMPLE.com:443"));
    CHECK(matches(pattern, "https://a.b.example.com"));
    CHECK_FALSE(matches(pattern, "https://example.com"));
    CHECK_FALSE(matches(pattern, "https://evil-example.com"));
    CHECK_FALSE(matches(pattern, "https://evilexample.com"));
    CHECK_FALSE(matches(pattern, "https://.example.com"));
    CHECK_FALSE(matches(pattern, "https://a.example.com.evil.example"));
    CHECK_FALSE(matches(pattern, "https://evil.example/.example.com"));
    CHECK_FALSE(matches(pattern, "https://evil.example?a.example.com"));
    CHECK_FALSE(matches(pattern, "https://evil.example#a.example.com"));
    CHECK_FALSE(matches(pattern, "https://evil.example@a.example.com"));
    CHECK_FALSE(matches(pattern, "https://evil.example\\a.example.com"));
    CHECK_FALSE(matches(pattern, "http://a.example.com"));
    CHECK_FALSE(matches(pattern, "https://a.example.com:8443"));
    CHECK(matches("https://*.example.com:8443", "https://a.example.com:8443"));
    CHECK(matches("http://*.localhost:3000", "http://app.localhost:3000"));
}

TEST_CASE("star and null") {
    CHECK(matches("*", "https://anything.example"));
    CHECK(matches("*", "null"));
    CHECK(matches("null", "null"));
    CHECK_FALSE(matches("null", "https://app.example.com"));
}

TEST_CASE("a pattern that cannot be meant is refused in words") {
    CHECK(pattern_error("app.example.com") == "must begin with a scheme, as in https://app.example.com");
    CHECK(pattern_error("") == "must begin with a scheme, as in https://app.example.com");
    CHECK(pattern_error("https://app.example.com/") ==
          "an origin has no path: remove what follows the host, even a single \"/\"");
    CHECK(pattern_error("https://user@app.example.com") == "an origin has no user name");
    CHECK(pattern_error("https://app.example.com:99999") == "the port must be a number from 1 to 65535");
    CHECK(pattern_error("https://") == "has no valid host name");
    CHECK(pattern_error("https://a..b.example") == "has no valid host name");
    CHECK(pattern_error("https://app.*.com").find("a \"*\" stands alone or for the subdomains") == 0);
    CHECK(pattern_error("https://*example.com").find("a \"*\" stands alone or for the subdomains") == 0);
    CHECK(pattern_error("https://*.com") ==
          "would allow every host under \".com\": name at least one more label");
    CHECK(pattern_error("https://" + std::string(600, 'a')) == "is too long for an origin");
    CHECK(pattern_error("https://*." + std::string(600, 'a') + ".com") == "is too long for an origin");
}

// --- the built plugin ---

FakeRequest handshake(const std::string& origin) {
    FakeRequest request;
    request.kind = GW_KIND_HANDSHAKE;
    if (!origin.empty()) request.headers["origin"] = origin;
    return request;
}

FakeNode origins(std::vector<std::string> texts) {
    std::vector<FakeNode> items;
    for (std::string& text : texts)
        items.push_back(FakeNode::text(std::move(text), "gateway.yaml:4:7"));
    return FakeNode::list(std::move(items), "gateway.yaml:3:3");
}

TEST_CASE("cors wants handshakes alone and stands in their stage") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so");
    REQUIRE(plugin.create(FakeNode::map({})).empty());
    uint32_t kinds = 0;
    uint64_t events = 0;
    plugin.hooks().wants(plugin.self(), &kinds, &events);
    CHECK(kinds == GW_KIND_HANDSHAKE);
    CHECK(events == 0);
    CHECK(plugin.hooks().stage == GW_STAGE_HANDSHAKE);
    CHECK((plugin.hooks().attach == nullptr));  // a hook that it does not need costs nothing
}

TEST_CASE("cors refuses with 403 and names the key to change") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so");
    REQUIRE(plugin.create(FakeNode::map({{"origins", origins({"https://app.example.com"})}})).empty());

    FakeRequest good = handshake("https://app.example.com");
    CHECK(plugin.intercept(&good) == GW_CONTINUE);
    CHECK(good.rejected_status == 0);

    FakeRequest evil = handshake("https://evil.example");
    CHECK(plugin.intercept(&evil) == GW_DONE);
    CHECK(evil.rejected_status == 403);
    CHECK(evil.rejected_word == "forbidden");
    CHECK(evil.rejected_why ==
          "the origin \"https://evil.example\" is not allowed: add it to wsc.websocket_origins");

    FakeRequest script = handshake("");
    CHECK(plugin.intercept(&script) == GW_CONTINUE);
}

TEST_CASE("cors without origins allows all; allow_no_origin false refuses what is no browser") {
    LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so");
    REQUIRE(plugin.create(FakeNode::map({{"allow_no_origin", FakeNode::text("false")}})).empty());
    FakeRequest any = handshake("https://any.example");
    CHECK(plugin.intercept(&any) == GW_CONTINUE);
    FakeRequest script = handshake("");
    CHECK(plugin.intercept(&script) == GW_DONE);
    CHECK(script.rejected_status == 403);
    CHECK(script.rejected_why.find("allow_no_origin") != std::string::npos);
}

TEST_CASE("cors says where in the YAML its configuration is wrong") {
    const auto error_of = [](const FakeNode& config) {
        LoadedPlugin plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so");
        return plugin.create(config);
    };
    CHECK(error_of(FakeNode::map({{"origins", origins({"https://ok.example.com", "app.example.com"})}})) ==
          "gateway.yaml:4:7: origins[1]: \"app.example.com\": must begin with a scheme, as in "
          "https://app.example.com");
    CHECK(error_of(FakeNode::map({{"origins", FakeNode::text("*", "gateway.yaml:9:5")}})) ==
          "gateway.yaml:9:5: origins: must be a list");
    CHECK(error_of(FakeNode::map({{"origin", FakeNode::text("*", "gateway.yaml:9:5")}})) ==
          "gateway.yaml:9:5: origin: unknown key; there are: origins, allow_no_origin");
    CHECK(error_of(FakeNode::map({{"allow_no_origin", FakeNode::text("yes", "gateway.yaml:9:5")}})) ==
          "gateway.yaml:9:5: allow_no_origin: must be true or false");
}

}  // namespace
}  // namespace gatewayd
