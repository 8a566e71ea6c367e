#include <doctest/doctest.h>

#include "gateway/harness.hpp"
#include "plugins/cors/origin.h"

namespace gatewayd {
namespace {

using cors::OriginPattern;
using gateway::harness::Plugin;
using gateway::harness::Request;

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

struct Cors : Plugin {
    explicit Cors(const std::string& yaml) : Plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so") {
        create(yaml);
        start();
    }
    Request page_of(const std::string& origin) {
        gateway::harness::Handshake http;
        if (!origin.empty()) http.headers["origin"] = origin;
        return handshake(http);
    }
};

TEST_CASE("cors wants handshakes alone and stands in their stage") {
    Cors plugin("");
    CHECK(plugin.kinds() == GW_KIND_HANDSHAKE);
    CHECK(plugin.events() == 0);
    CHECK(plugin.stage() == GW_STAGE_HANDSHAKE);
    CHECK_FALSE(plugin.connect().message(R"({"type":"text"})").seen());
}

TEST_CASE("cors refuses with 403 and names the key to change") {
    Cors plugin("origins: [https://app.example.com]");
    CHECK(plugin.page_of("https://app.example.com").outcome() == "passed");

    const Request evil = plugin.page_of("https://evil.example");
    CHECK(evil.outcome() == "rejected");
    CHECK(evil.rejection().status == 403);
    CHECK(evil.rejection().word == "forbidden");
    CHECK(evil.rejection().why ==
          "the origin \"https://evil.example\" is not allowed: add it to wsc.websocket_origins");

    CHECK(plugin.page_of("").outcome() == "passed");
}

TEST_CASE("cors without origins allows all; allow_no_origin false refuses what is no browser") {
    Cors plugin("allow_no_origin: false");
    CHECK(plugin.page_of("https://any.example").outcome() == "passed");
    const Request script = plugin.page_of("");
    CHECK(script.rejection().status == 403);
    CHECK(script.rejection().why.find("allow_no_origin") != std::string::npos);
}

TEST_CASE("cors says where in the YAML its configuration is wrong") {
    const auto error_of = [](const std::string& yaml) {
        return Plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so").refusal(yaml);
    };
    CHECK(error_of("origins:\n  - https://ok.example.com\n  - app.example.com") ==
          "test.yaml:3:5: origins[1]: \"app.example.com\": must begin with a scheme, as in "
          "https://app.example.com");
    CHECK(error_of("origins: '*'") == "test.yaml:1:10: origins: must be a list");
    CHECK(error_of("origin: '*'") ==
          "test.yaml:1:9: origin: unknown key; there are: origins, allow_no_origin");
    CHECK(error_of("allow_no_origin: yes") == "test.yaml:1:18: allow_no_origin: must be true or false");
}

}  // namespace
}  // namespace gatewayd
