// auth-jwt behind the gateway's own host functions, with the harness's clock. Tokens are signed here by
// OpenSSL's HMAC; other algorithms and the attacks: tests/integration/test_auth_jwt.py and
// test_auth_attacks.py.
#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gateway/harness.hpp"
#include "plugins/auth-jwt/base64url.h"
#include "plugins/common/bearer.h"
#include "plugins/common/strict_json.h"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr int64_t start_s = gateway::harness::start_time_ms / 1000;

std::string encoded(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(size));
    text.resize(std::min(text.find('='), text.size()));
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::string signed_token(const std::string& claims, const std::string& header = R"({"alg":"HS256"})") {
    const std::string bytes = encoded(header) + "." + encoded(claims);
    unsigned char mac[32];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac, &size);
    return bytes + "." + encoded(std::string(reinterpret_cast<char*>(mac), size));
}

std::string token_for(int64_t seconds, const std::string& more = {}, const std::string& user = "ada") {
    return signed_token(R"({"sub":")" + user + R"(","exp":)" + std::to_string(start_s + seconds) + more +
                        "}");
}

struct AuthJwt : Plugin {
    explicit AuthJwt(const std::string& more = {}) : Plugin(GATEWAYD_PLUGIN_FOLDER "/auth-jwt.so") {
        create("keys: [\"" + secret + "\"]\nleeway: 0\n" + more);
        start();
    }
    Request shake(const std::string& token) {
        Handshake http;
        http.headers["Authorization"] = "Bearer " + token;
        return handshake(http);
    }
    Connection connected(const std::string& token) {
        const Request request = shake(token);
        REQUIRE(request.outcome() == "passed");
        return accept(request);
    }
};

TEST_CASE("base64url is read in its one form") {
    using auth_jwt::decode_any_base64;
    using auth_jwt::decode_base64url;
    CHECK(decode_base64url("") == "");
    CHECK(decode_base64url("Zg") == "f");
    CHECK(decode_base64url("Zm8") == "fo");
    CHECK(decode_base64url("Zm9v") == "foo");
    CHECK(decode_base64url("-_-_") == "\xFB\xFF\xBF");
    for (const char* wrong :
         {"Z", "Zh", "Zm9", "Zm9vZ", "Zg==", "Zm8=", "+/+/", " Zg", "Zg\n", "Z g", "Zm9v.",
          "\xC3\xA4"
          "ab"}) {
        CAPTURE(wrong);
        CHECK_FALSE(decode_base64url(wrong));
    }
    CHECK(decode_any_base64("+/+/") == "\xFB\xFF\xBF");
    CHECK(decode_any_base64("Zg==") == "f");
    CHECK(decode_any_base64("Zg") == "f");
    CHECK_FALSE(decode_any_base64("Zg="));
    CHECK_FALSE(decode_any_base64("Zg==="));
    CHECK_FALSE(decode_any_base64("Z==="));
}

TEST_CASE("claims are found by name, and by JSON pointer") {
    rapidjson::Document json;
    std::string why;
    REQUIRE(auth::parse_object(R"({"a":"1","a/b":"2","/c":"3","d":{"e":{"f~":"4"},"n":null}})", &json, &why));
    const auto text = [&](const char* name) { return auth::text_of(auth::find(json, name)).value_or("-"); };
    CHECK(text("a") == "1");
    CHECK(text("a/b") == "2");
    CHECK(text("/a~1b") == "2");
    CHECK(text("/~1c") == "3");
    CHECK(text("/d/e/f~0") == "4");
    CHECK(text("/d/n") == "-");
    CHECK(text("/d/n/x") == "-");
    CHECK(text("/a/b") == "-");
    CHECK(text("/") == "-");
    CHECK(text("d") == "-");
}

TEST_CASE("where tokens stand") {
    CHECK(auth::bearer_of("Bearer abc") == "abc");
    CHECK(auth::bearer_of(" bEARER  abc ") == "abc");
    CHECK(auth::bearer_of("Bearer") == "");
    CHECK(auth::bearer_of("Bearerabc") == "");
    CHECK(auth::bearer_of("Basic abc") == "");
    CHECK(auth::token_of_protocols("bearer, abc") == "abc");
    CHECK(auth::token_of_protocols("a,bearer ,abc,d") == "abc");
    CHECK(auth::token_of_protocols("abc, bearer") == "");
    CHECK(auth::token_of_protocols("") == "");
}

TEST_CASE("auth-jwt stands in the auth stage and sees handshakes and messages") {
    AuthJwt plugin;
    CHECK(plugin.stage() == GW_STAGE_AUTH);
    CHECK(plugin.kinds() == (GW_KIND_HANDSHAKE | GW_KIND_MESSAGE));
}

TEST_CASE("no token, and a bad one, are told apart") {
    AuthJwt plugin;
    const Request none = plugin.handshake();
    CHECK(none.rejection().status == 401);
    CHECK(none.rejection().word == "token_missing");
    CHECK(none.response_header("WWW-Authenticate") == "Bearer realm=\"gatewayd\"");
    const Request bad = plugin.shake("x.y.z");
    CHECK(bad.rejection().status == 401);
    CHECK(bad.rejection().word == "token_malformed");
    CHECK(bad.response_header("WWW-Authenticate").find("error=\"invalid_token\"") != std::string::npos);
}

TEST_CASE("a subprotocol may carry it") {
    AuthJwt plugin;
    Handshake http;
    http.protocols = {"gateway.v1.json", "bearer", token_for(60)};
    CHECK(plugin.handshake(http).outcome() == "passed");
}

TEST_CASE("what a token says becomes fields and attributes") {
    AuthJwt plugin;
    Connection ada = plugin.connected(token_for(
        600, R"(,"user_type":"agent","name":"Ada \"L\"","groups":["g1","g \"2\""],"tickets":"t1")"));
    CHECK(ada.attribute("auth.expires_at") == std::to_string(start_s + 600));
    CHECK(ada.attribute("auth.name") == "Ada \"L\"");
    CHECK(ada.attribute("auth.groups") == R"(["g1","g \"2\""])");
    CHECK(ada.attribute("auth.tickets") == R"(["t1"])");
    const Connection eve = plugin.connected(token_for(600));
    CHECK(eve.attribute("auth.name").empty());
    CHECK(eve.attribute("auth.groups").empty());
}

TEST_CASE("a token is good until its exp, and a second later no more") {
    AuthJwt plugin;
    const std::string token = token_for(10);
    CHECK(plugin.shake(token).outcome() == "passed");
    plugin.advance_ms(9999);
    CHECK(plugin.shake(token).outcome() == "passed");
    plugin.advance_ms(1);
    CHECK(plugin.shake(token).rejection().word == "token_expired");
}

TEST_CASE("ahead of its end the client is told, and then the connection is closed") {
    AuthJwt plugin("expiry_notice: 5");
    Connection ada = plugin.connected(token_for(20));
    plugin.advance_ms(14900);
    CHECK(ada.sent().empty());
    plugin.advance_ms(300);
    REQUIRE(ada.sent().size() == 1);
    CHECK(ada.sent()[0] == R"({"type":"token_expiring","in_s":5})");
    plugin.advance_ms(4700);
    CHECK(ada.open());
    CHECK(ada.message(R"({"type":"text","to":"bob"})").outcome() == "passed");
    plugin.advance_ms(300);
    CHECK(ada.closing().code == 1008);
    CHECK(ada.closing().reason == "token_expired: the token has expired; connect again with a new one");
    CHECK(ada.sent().size() == 1);
}

TEST_CASE("a gateway without timers ends it at the next message") {
    Plugin plugin(GATEWAYD_PLUGIN_FOLDER "/auth-jwt.so");
    plugin.offer("gw.timer/1", nullptr);
    plugin.create("keys: [\"" + secret + "\"]\nleeway: 0\n");
    plugin.start();
    Handshake http;
    http.query["token"] = token_for(10);
    Connection ada = plugin.accept(plugin.handshake(http));
    plugin.advance_ms(11000);
    CHECK(ada.open());
    CHECK(ada.message(R"({"type":"text","to":"bob"})").outcome() != "passed");
    CHECK(ada.closing().code == 1008);
}

TEST_CASE("a token can be renewed in band, by the same user alone") {
    AuthJwt plugin("expiry_notice: 0");
    Connection ada = plugin.connected(token_for(10, R"(,"groups":["g1"])"));
    const auto refresh = [&](const std::string& token) {
        return ada.message(R"({"type":"auth_refresh","id":"r1","token":")" + token + "\"}");
    };
    CHECK(refresh(token_for(100, {}, "eve")).rejection().why.find("token_other_user: ") == 0);
    CHECK(refresh(token_for(100, R"(,"user_type":"agent")")).rejection().why.find("token_other_user: ") == 0);
    CHECK(refresh("x").rejection().why.find("token_malformed: ") == 0);
    const Request good = refresh(token_for(100, R"(,"groups":["g2"])"));
    REQUIRE(good.answers().size() == 1);
    CHECK(good.answers()[0] == R"({"type":"auth_refreshed","id":"r1","expires_in_s":100})");
    CHECK(ada.attribute("auth.groups") == R"(["g2"])");
    plugin.advance_ms(99900);
    CHECK(ada.open());
    CHECK(ada.message(R"({"type":"text","to":"bob"})").outcome() == "passed");
    plugin.advance_ms(300);
    CHECK(ada.closing().code == 1008);
}

TEST_CASE("who was there before the plugin is asked to come again") {
    AuthJwt plugin;
    const Connection old = plugin.connect();
    CHECK(old.closing().code == 1008);
    CHECK(old.closing().reason.find("unauthenticated") == 0);
}

TEST_CASE("auth-jwt says where in the YAML its configuration is wrong") {
    const auto refusal = [](const std::string& yaml) {
        return Plugin(GATEWAYD_PLUGIN_FOLDER "/auth-jwt.so").refusal(yaml);
    };
    const std::string keys = "keys: [\"" + secret + "\"]\n";
    CHECK(refusal("keys: []") == "test.yaml:1:7: keys: needs a key to verify tokens with");
    CHECK(refusal("leeway: 5").find("keys: needs a key to verify tokens with") != std::string::npos);
    CHECK(refusal(keys + "leeway: 301") == "test.yaml:2:9: leeway: must be from 0 to 300");
    CHECK(refusal(keys + "issuer: ''") == "test.yaml:2:9: issuer: must not be empty");
    CHECK(refusal(keys + "claims: { user: uid }").find("test.yaml:2:17: claims.user: unknown key") == 0);
    CHECK(refusal(keys + "claims: { name: '' }") ==
          "test.yaml:2:17: claims.name: must be the name of a claim");
    CHECK(refusal(keys + "max_token_size: 1").find("test.yaml:2:17: max_token_size: must be from") == 0);
    CHECK(refusal(keys + "secret: x").find("test.yaml:2:9: secret: unknown key; there are: keys,") == 0);
}

}  // namespace
}  // namespace gatewayd
