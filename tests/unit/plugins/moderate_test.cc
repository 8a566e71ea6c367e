// The example `moderate`, against a back end of the harness.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"
#include "plugins/examples/moderate/verdict.h"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::HttpAnswer;
using gateway::harness::Plugin;
using gateway::harness::Request;
using moderate::read_verdict;

struct Running : Plugin {
    explicit Running(const std::string& more = {}) : Plugin(GATEWAYD_PLUGIN_FOLDER "/moderate.so") {
        create("url: https://check.example.com/v1\n" + more);
        start();
    }
};
const char* const hello = R"({"type":"text","to":"u2","content":"hello"})";

TEST_CASE("moderate: a message goes on when the service allows it") {
    Running plugin("authorization: Bearer token");
    plugin.http_answer(200, R"({"allow":true})");
    Request request = plugin.connect().message(hello);
    CHECK(request.wait());
    CHECK(request.outcome() == "passed");
    const auto asked = plugin.http_requests().at(0);
    CHECK(asked.method == "POST");
    CHECK(asked.headers.at("Authorization") == "Bearer token");
    CHECK(asked.body == R"({"user_id":"u1","user_type":"customer","message":)" + std::string(hello) + "}");
    CHECK(asked.timeout_ms == 2000);
    CHECK(plugin.log().empty());
}

TEST_CASE("moderate: and is refused with the service's reason") {
    Running plugin;
    plugin.http_answer(200, R"({"allow":false,"reason":"no advertising"})");
    Connection alice = plugin.connect();
    Request request = alice.message(hello);
    Request behind = alice.message(R"({"type":"note"})");
    CHECK(behind.outcome() == "unread");  // the order of a client's messages stays
    CHECK(request.wait());
    CHECK(request.rejection().word == "forbidden");
    CHECK(request.rejection().why == "no advertising");
    CHECK(behind.outcome() == "passed");  // nobody asks about notes
    CHECK(plugin.http_requests().size() == 1);
}

TEST_CASE("moderate: without a verdict on_failure decides") {
    const auto outcome = [](const std::string& config, const HttpAnswer& answer) {
        Running plugin(config);
        plugin.http_answer(answer);
        const Request request = plugin.connect().message(hello);
        plugin.advance_ms(5000);
        CHECK(plugin.log().size() == 1);
        return request.outcome() + " " + request.rejection().word;
    };
    HttpAnswer slow;
    slow.body = R"({"allow":true})";
    slow.after_ms = 1500;
    HttpAnswer dead;
    dead.outcome = GW_HTTP_CONNECT;
    HttpAnswer broken;
    broken.status = 500;
    broken.body = R"({"allow":true})";
    HttpAnswer garbage;
    garbage.body = "<html>";
    for (const HttpAnswer& answer : {slow, dead, broken, garbage}) {
        CHECK(outcome("timeout_ms: 1500", answer) == "rejected unavailable");
        CHECK(outcome("timeout_ms: 1500\non_failure: open", answer) == "passed ");
    }
}

TEST_CASE("moderate: the client goes, the gateway ends") {
    Running plugin;
    HttpAnswer slow;
    slow.after_ms = 1000;
    plugin.http_answer(slow);
    Connection alice = plugin.connect();
    alice.message(hello);
    alice.disconnect();
    plugin.connect().message(hello);
    plugin.end();
}

TEST_CASE("moderate: what is wrong in its configuration is told with its place") {
    const auto refusal = [](const std::string& yaml) {
        return Plugin(GATEWAYD_PLUGIN_FOLDER "/moderate.so").refusal(yaml);
    };
    CHECK(refusal("types: [text]").find("url: is required") != std::string::npos);
    CHECK(refusal("url: check.example.com") ==
          "test.yaml:1:6: url: the URL does not begin with http:// or https://");
    CHECK(refusal("url: http://a/\non_failure: maybe").find("test.yaml:2:13: on_failure: must be closed") ==
          0);
    CHECK(refusal("url: http://a/\ntimeout_ms: 0") == "test.yaml:2:13: timeout_ms: must be from 1 to 29000");
    CHECK(refusal("url: http://a/\nauthorization: \"a\\nb\"") ==
          "test.yaml:2:16: authorization: has a control character");
}

TEST_CASE("moderate reads verdicts strictly") {
    CHECK(read_verdict(R"({"allow":true})")->allow);
    CHECK(read_verdict(" { \"allow\" : true , \"x\" : [1, -2.5e3, {\"a\":[]}, null, false, \"\"] } ")->allow);
    CHECK_FALSE(read_verdict(R"({"allow":false})")->allow);
    CHECK(read_verdict(R"({"reason":null,"allow":false})")->reason.empty());
    CHECK(read_verdict(R"({"allow":false,"reason":"a\"\\\/\n\u00e9\u20ac\ud83d\ude00"})")->reason ==
          "a\"\\/\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    CHECK(read_verdict("{\"allow\":false,\"reason\":\"\xC3\xA9\"}")->reason == "\xC3\xA9");
    const auto cut = read_verdict("{\"allow\":false,\"reason\":\"" + std::string(499, 'a') + "\xC3\xA9\"}");
    CHECK(cut->reason == std::string(499, 'a'));
    for (const std::string& text : std::vector<std::string>{
             "",
             "true",
             "{}",
             "[]",
             "null",
             R"({"allow":"true"})",
             R"({"allow":1})",
             R"({"allow":true)",
             R"({"allow":true}})",
             R"({"allow":true} x)",
             R"({"allow":true,})",
             R"({"allow":true,"allow":true})",
             R"({"Allow":true})",
             R"({allow:true})",
             R"({"allow":true,"x":01})",
             R"({"allow":true,"x":1.})",
             R"({"allow":true,"reason":"\x"})",
             R"({"allow":true,"reason":"\ud800"})",
             R"({"allow":true,"reason":"\udc00"})",
             "{\"allow\":true,\"reason\":\"\xFF\"}",
             "{\"allow\":true,\"reason\":\"\xC0\x80\"}",
             "{\"allow\":true,\"reason\":\"\xED\xA0\x80\"}",
             "{\"allow\":true,\"reason\":\"a\nb\"}",
             "{\"allow\":true,\"reason\":\"open",
             "{\"allow\":true,\"x\":" + std::string(100, '[') + std::string(100, ']') + "}"}) {
        CAPTURE(text);
        CHECK_FALSE(read_verdict(text));
    }
}

TEST_CASE("moderate writes texts as JSON") {
    CHECK(moderate::json_text("a\"b\\c\n\x01\xC3\xA9") == "\"a\\\"b\\\\c\\u000a\\u0001\xC3\xA9\"");
}

}  // namespace
}  // namespace gatewayd
