// gw.admin/1 and gw.metrics/1 as a plugin has them by the SDK, in the harness.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"

namespace gatewayd {
namespace {

using gateway::harness::AdminAnswer;
using gateway::harness::Plugin;

struct Serving : Plugin {
    Serving() : Plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/serves_http.so") {
        create();
        start();
    }
    AdminAnswer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
        auto request = admin(method, path, body);
        REQUIRE(request.wait());
        return request.answer();
    }
};

TEST_CASE("routes are answered at once or from a thread") {
    Serving plugin;
    CHECK(plugin.ask("GET", "/now").body == R"({"at":1767225600000})");
    CHECK(plugin.ask("GET", "/now").content_type == "application/json");
    const AdminAnswer echo = plugin.ask("POST", "/echo/a%2Fb?x=1+2&y=2", "{}");
    CHECK(echo.status == 201);
    CHECK(echo.content_type == "text/plain");
    CHECK(echo.body == "POST a/b 1 2 {}");
    CHECK(plugin.ask("GET", "/later/7").body == "\"later 7\"");
    CHECK(plugin.ask("GET", "/api/v1/tickets").body == "[]");
    CHECK(plugin.ask("GET", "/nothing").status == 404);
    CHECK(plugin.ask("PUT", "/now").status == 405);
    CHECK(plugin.ask("PUT", "/now").allow == "GET, HEAD");
    plugin.end();
    CHECK(plugin.problems().empty());
}

TEST_CASE("what fails is answered with 500, what never answers with 503") {
    Serving plugin;
    CHECK(plugin.ask("DELETE", "/fails").status == 500);
    auto never = plugin.admin("GET", "/never");
    plugin.advance_ms(8900);
    CHECK(never.answer().status == 0);
    plugin.advance_ms(200);
    CHECK(never.answer().status == 503);
    CHECK(plugin.ask("GET", "/twice").status == 204);
    CHECK(plugin.log() ==
          std::vector<std::string>{
              "error: exception in an HTTP handler: parameter(there is no such part): not found",
              "info: answered 100"});
    auto last = plugin.admin("GET", "/never");
    plugin.end();
    CHECK(last.answer().status == 503);
}

TEST_CASE("routes that are refused stop the plugin's start") {
    Plugin plugin(GATEWAYD_TEST_PLUGIN_FOLDER "/serves_http.so");
    CHECK(plugin.refusal("claim: /api/v1/groups") == "admin_route(/api/v1/groups): not allowed now");
    CHECK(plugin.problems().size() == 1);
    Plugin twice(GATEWAYD_TEST_PLUGIN_FOLDER "/serves_http.so");
    CHECK(twice.refusal("claim: /now") == "admin_route(/now): not allowed now");
    CHECK(twice.problems().size() == 1);
    Plugin old_host(GATEWAYD_TEST_PLUGIN_FOLDER "/serves_http.so");
    old_host.lack("gw.admin/1");
    CHECK(old_host.refusal("") == "this gatewayd does not offer gw.admin/1");
    Plugin without_metrics(GATEWAYD_TEST_PLUGIN_FOLDER "/serves_http.so");
    without_metrics.lack("gw.metrics/1");
    CHECK(without_metrics.refusal("") == "this gatewayd does not offer gw.metrics/1");
}

TEST_CASE("metrics are read by the name that the plugin gave them") {
    Serving plugin;
    plugin.ask("GET", "/now");
    plugin.ask("GET", "/now");
    plugin.ask("POST", "/echo/1", std::string(50, 'x'));
    plugin.ask("POST", "/echo/1", "y");
    CHECK(plugin.metric("requests_total", {{"route", "now"}}).value == 2);
    CHECK(plugin.metric("requests_total", {{"route", "echo"}}).value == 2);
    CHECK_FALSE(plugin.metric("requests_total", {{"route", "later"}}).exists);
    CHECK_FALSE(plugin.metric("requests_total").exists);
    CHECK(plugin.metric("gateway_tickets", {{"state", "open"}}).value == 3);
    CHECK(plugin.metric("body_bytes").value == 51);
    CHECK(plugin.metric("body_bytes").samples == 2);
    plugin.end();
    CHECK_FALSE(plugin.metric("gateway_tickets", {{"state", "open"}}).exists);
}

}  // namespace
}  // namespace gatewayd
