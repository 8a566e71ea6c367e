#include "gatewayd/admin/api.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "tests/unit/daemon/fake_gateway.h"

using namespace gatewayd;
using admin::Response;

namespace {

struct Fixture {
    explicit Fixture(Settings settings = {}) : gateway(std::move(settings), io), api(gateway) {
        fake() = FakeGateway();
        fake().publish_result.msg_id = "01J";
        fake().publish_result.delivered = 2;
    }

    // The refusal or the answer; nothing while the gateway does not answer.
    std::optional<Response> ask(std::string_view method, std::string_view target, std::string body = "",
                                std::string_view content_type = "application/json") {
        admin::RequestHead head;
        head.method = method;
        head.target = target;
        head.host = "127.0.0.1:8082";
        head.content_type = content_type;
        if (auto refused = api.refusal(head)) return refused;
        std::optional<Response> answer;
        api.handle(head, std::move(body), [&answer](Response response) { answer = std::move(response); });
        return answer;
    }
    int status(std::string_view method, std::string_view target, std::string body = "",
               std::string_view content_type = "application/json") {
        const auto response = ask(method, target, std::move(body), content_type);
        return response ? response->status : 0;
    }
    std::string body_of(std::string_view method, std::string_view target, std::string body = "") {
        const auto response = ask(method, target, std::move(body));
        return response ? response->body : "";
    }

    boost::asio::io_context io;
    Gateway gateway;
    admin::Api api;
};

}  // namespace

TEST_CASE("unknown paths are 404, unknown methods 405 with what is allowed") {
    Fixture f;
    for (const char* path :
         {"/", "/api", "/api/v1", "/api/v1/client", "/api/v1/clients/", "/api/v1/clients/a/b", "/livez/"}) {
        CAPTURE(path);
        const int status = f.status("GET", path);
        CHECK((status == 404 || status == 400));  // "/api/v1/clients/" is a client with an empty id
    }
    const auto wrong_method = f.ask("PUT", "/api/v1/clients/c1");
    CHECK(wrong_method->status == 405);
    CHECK(wrong_method->allow == "GET, HEAD, DELETE");
    CHECK(f.ask("GET", "/api/v1/broadcast")->allow == "POST");
    CHECK(f.status("HEAD", "/livez") == 200);
}

TEST_CASE("ids and escapes are checked before anything is asked") {
    Fixture f;
    CHECK(f.status("GET", "/api/v1/clients/%zz") == 400);
    CHECK(f.status("GET", "/api/v1/clients/%00") == 400);
    CHECK(f.status("GET", "/api/v1/clients/%ff") == 400);
    CHECK(f.status("GET", "/api/v1/clients/" + std::string(129, 'x')) == 400);
    CHECK(f.status("POST", "/api/v1/users/%0a/messages", "{}") == 400);
    CHECK(fake().orders.empty());
}

TEST_CASE("safe mode answers what can be looked at and refuses what needs clients") {
    Settings settings;
    settings.safe_mode = true;
    Fixture f(settings);
    fake().ready = false;
    fake().stats.safe_mode = true;
    CHECK(f.status("GET", "/livez") == 200);
    CHECK(f.body_of("GET", "/readyz").find("safe_mode") != std::string::npos);
    CHECK(f.status("GET", "/api/v1/plugins") == 200);
    CHECK(f.status("GET", "/api/v1/config") == 200);
    CHECK(f.body_of("GET", "/api/v1/stats").find("\"safe_mode\":true") != std::string::npos);
    for (const auto& [method, path] : {std::pair("POST", "/api/v1/broadcast"),
                                       {"POST", "/api/v1/users/u1/messages"},
                                       {"GET", "/api/v1/clients"},
                                       {"DELETE", "/api/v1/clients/c1"}}) {
        CAPTURE(path);
        CHECK(f.status(method, path, "{}") == 503);
    }
    CHECK(fake().orders.empty());
}

TEST_CASE("a plugin that was left out is listed with its reason") {
    Fixture f;
    PluginStatus plugin;
    plugin.name = "acme";
    plugin.loaded = false;
    plugin.why_not = "it crashed";
    plugin.crashes = 3;
    plugin.stuck = 2;
    fake().plugins = {plugin};
    CHECK(f.body_of("GET", "/api/v1/plugins")
              .find("\"loaded\":false,\"why_not\":\"it crashed\",\"state\":\"running\",\"generation\":1,"
                    "\"connections\":0,\"draining\":[],\"crashes\":3,\"stuck\":2") != std::string::npos);
    const std::string metrics = f.body_of("GET", "/metrics");
    CHECK(metrics.find("gateway_plugin_skipped{plugin=\"acme\"} 1\n") != std::string::npos);
    CHECK(metrics.find("gateway_plugin_crashes{plugin=\"acme\"} 3\n") != std::string::npos);
    CHECK(metrics.find("gateway_plugin_stuck_total{plugin=\"acme\"} 2\n") != std::string::npos);
    CHECK(metrics.find("gateway_plugin_errors_total{plugin=\"acme\"}") == std::string::npos);
}

TEST_CASE("readiness says why not") {
    Fixture f;
    CHECK(f.status("GET", "/readyz") == 200);
    fake().ready = false;
    fake().stats.enabled = true;
    fake().stats.draining = true;
    CHECK(f.status("GET", "/readyz") == 503);
    CHECK(f.body_of("GET", "/readyz").find("\"draining\"") != std::string::npos);
    fake().stats.draining = false;
    fake().stats.enabled = false;
    CHECK(f.body_of("GET", "/readyz").find("wsc.enabled") != std::string::npos);
    CHECK(f.status("GET", "/livez") == 200);
}

TEST_CASE("messages go where the path says, with the message as it came") {
    Fixture f;
    const std::string message = R"({"type":"text","content":"hi"})";
    CHECK(f.body_of("POST", "/api/v1/users/u%201/messages", message) == R"({"msg_id":"01J","delivered":2})");
    CHECK(f.status("POST", "/api/v1/broadcast", message) == 200);
    fake().add_client("c1", "u1");
    CHECK(f.status("POST", "/api/v1/clients/c1/messages", message) == 200);
    REQUIRE(fake().orders.size() == 3);
    CHECK(fake().orders[0].to.kind == DestinationKind::user);
    CHECK(fake().orders[0].to.id == "u 1");
    CHECK(fake().orders[0].message == message);
    CHECK(fake().orders[1].to.kind == DestinationKind::all);
    CHECK(fake().orders[2].to.kind == DestinationKind::client);
    CHECK(fake().orders[2].to.id == "c1");
}

TEST_CASE("a client that is not there is 404, a user with no connection is delivered 0") {
    Fixture f;
    CHECK(f.status("POST", "/api/v1/clients/c9/messages", R"({"type":"text"})") == 404);
    CHECK(fake().orders.empty());
    fake().publish_result.delivered = 0;
    CHECK(f.body_of("POST", "/api/v1/users/u9/messages", R"({"type":"text"})") ==
          R"({"msg_id":"01J","delivered":0})");
    CHECK(f.body_of("GET", "/api/v1/users/u9") == R"({"user_id":"u9","online":false,"clients":[]})");
}

TEST_CASE("what is no message does not reach the gateway") {
    Fixture f;
    for (const char* body : {"", "null", "[]", "{", "{\"type\":\"\xff\"}", R"({"type":"text","to":"u2"})",
                             R"({"type":"text","group_id":"g"})", R"({"type":"text","ticket_id":"t"})"}) {
        CAPTURE(body);
        CHECK(f.status("POST", "/api/v1/users/u1/messages", body) == 400);
    }
    CHECK(f.status("POST", "/api/v1/broadcast", R"({"type":"text","to":"u1"})") == 400);
    CHECK(fake().orders.empty());
    CHECK(f.status("POST", "/api/v1/users/u1/messages", R"({"type":"text","to":"u1"})") == 200);
}

TEST_CASE("a body must say that it is JSON: forms of a web page cannot") {
    Fixture f;
    for (const char* type :
         {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"}) {
        CAPTURE(type);
        CHECK(f.status("POST", "/api/v1/broadcast", "{}", type) == 415);
    }
    CHECK(f.status("POST", "/api/v1/broadcast", R"({"type":"t"})", "Application/JSON ; charset=utf-8") ==
          200);
}

TEST_CASE("the gateway's refusals have fitting statuses") {
    Fixture f;
    const std::pair<ErrorCode, int> expected[] = {
        {ErrorCode::invalid_message, 400}, {ErrorCode::unknown_type, 400}, {ErrorCode::forbidden, 403},
        {ErrorCode::conflict, 409},        {ErrorCode::too_large, 413},    {ErrorCode::rate_limited, 429},
        {ErrorCode::plugin_error, 500},    {ErrorCode::unavailable, 503},
    };
    for (const auto& [code, status] : expected) {
        fake().publish_result.status = Status(code, "why \"so\"");
        const auto response = f.ask("POST", "/api/v1/broadcast", R"({"type":"t"})");
        CAPTURE(wire_name(code));
        CHECK(response->status == status);
        CHECK(response->body ==
              std::string(R"({"error":{"code":")") + wire_name(code) + R"(","message":"why \"so\""}})");
    }
}

TEST_CASE("an answer may come later") {
    Fixture f;
    fake().answers = false;
    std::optional<Response> answer;
    admin::RequestHead head;
    head.method = "POST";
    head.target = "/api/v1/broadcast";
    f.api.handle(head, R"({"type":"t"})", [&](Response response) { answer = std::move(response); });
    CHECK_FALSE(answer);
    REQUIRE(fake().unanswered.size() == 1);
    fake().unanswered[0](fake().publish_result);
    REQUIRE(answer);
    CHECK(answer->status == 200);
}

TEST_CASE("clients come in pages") {
    Fixture f;
    for (int i = 0; i < 5; ++i)
        fake().add_client("c" + std::to_string(i), i < 3 ? "u1" : "u2");
    const std::string first = f.body_of("GET", "/api/v1/clients?limit=2");
    CHECK(first.find("\"c1\"") != std::string::npos);
    CHECK(first.find("\"c2\"") == std::string::npos);
    CHECK(first.find(R"("next_cursor":"2")") != std::string::npos);
    const std::string last = f.body_of("GET", "/api/v1/clients?limit=2&cursor=4");
    CHECK(last.find("\"c4\"") != std::string::npos);
    CHECK(last.find(R"("next_cursor":null)") != std::string::npos);
    const std::string of_user = f.body_of("GET", "/api/v1/clients?user_id=u2");
    CHECK(of_user.find("\"c3\"") != std::string::npos);
    CHECK(of_user.find("\"c0\"") == std::string::npos);
    CHECK(f.body_of("GET", "/api/v1/clients/c0") ==
          R"({"client_id":"c0","user_id":"u1","user_type":"customer","remote_address":")" +
              PeerAddress().text() + R"(","connected_at":"2026-11-25T22:49:51.123Z","compression":"none"})");
    for (const char* query : {"limit=0", "limit=1001", "limit=x", "limit=", "limit=-1", "cursor=x",
                              "cursor=1x", "cursor=99999999999999999999", "user_id=u1&cursor=2"}) {
        CAPTURE(query);
        CHECK(f.status("GET", std::string("/api/v1/clients?") + query) == 400);
    }
}

TEST_CASE("a kick names its reason") {
    Fixture f;
    fake().add_client("c1", "u1");
    CHECK(f.body_of("DELETE", "/api/v1/clients/c1") == R"({"client_id":"c1","kicked":true})");
    CHECK(f.status("DELETE", "/api/v1/clients/c1?reason=spam%20bot") == 200);
    CHECK(f.status("DELETE", "/api/v1/clients/c2") == 404);
    CHECK(f.status("DELETE", "/api/v1/clients/c1?reason=%0d%0a") == 400);
    CHECK(f.status("DELETE", "/api/v1/clients/c1?reason=" + std::string(101, 'x')) == 400);
    REQUIRE(fake().kicks.size() == 3);
    CHECK(fake().kicks[0].second == "by an operator");
    CHECK(fake().kicks[1].second == "spam bot");
}

TEST_CASE("metrics that are switched off say so") {
    CHECK(Fixture().body_of("GET", "/metrics").find("gateway_build_info") != std::string::npos);
    Settings settings;
    settings.wsc.performance.enable_metrics = false;
    Fixture off(settings);
    CHECK(off.status("GET", "/metrics") == 404);
    CHECK(off.body_of("GET", "/metrics").find("enable_metrics") != std::string::npos);
}

TEST_CASE("with keys all but the probes want one, and the configuration does not tell it") {
    Settings settings;
    settings.admin.api_keys = {"very-secret"};
    Fixture f(settings);
    CHECK(f.status("GET", "/livez") == 200);
    CHECK(f.status("GET", "/readyz") == 200);
    for (const char* path : {"/metrics", "/api/v1/stats", "/api/v1/config", "/nowhere", "/%zz"}) {
        CAPTURE(path);
        CHECK(f.status("GET", path) == 401);
    }
    admin::RequestHead head;
    head.method = "GET";
    head.target = "/api/v1/config";
    head.authorization = "Bearer very-secret";
    CHECK_FALSE(f.api.refusal(head));
    std::string config;
    f.api.handle(head, "", [&](Response response) { config = std::move(response.body); });
    CHECK(config.find("api_keys") != std::string::npos);
    CHECK(config.find("very-secret") == std::string::npos);
}

TEST_CASE("stats and plugins are told") {
    Fixture f;
    fake().stats.enabled = true;
    fake().stats.running = true;
    fake().stats.node_id = "n1";
    fake().stats.current_connections = 5;
    fake().plugins.resize(1);
    fake().plugins[0].name = "audit";
    fake().plugins[0].kinds = {"message", "event"};
    const std::string stats = f.body_of("GET", "/api/v1/stats");
    for (const char* part : {R"("enabled":true)", R"("running":true)", R"("node_id":"n1")",
                             R"("current_connections":5)", R"("identities_verified":false)"}) {
        CAPTURE(part);
        CHECK(stats.find(part) != std::string::npos);
    }
    CHECK(
        f.body_of("GET", "/api/v1/plugins") ==
        R"({"plugins":[{"name":"audit","id":"","version":"","path":"","kinds":["message","event"],)"
        R"("loaded":true,"state":"running","generation":1,"connections":0,"draining":[],"crashes":0,"stuck":0,)"
        R"("calls":0,"errors":0,"misuse":0,"deferred":0,"deferred_total":0,"hooks":{}}]})");
}

TEST_CASE("a reload's outcome is its status, and its answer says what came and went") {
    using Outcome = PluginReload::Outcome;
    Fixture f;
    PluginReload& report = fake().reload_result;
    report = PluginReload();
    report.plugins.push_back({"audit", "reloaded", 1, "1.0", 2, "1.1"});
    report.plugins.push_back({"cors", "added", 0, "", 1, "1.0"});
    report.plugins.push_back({"old", "removed", 3, "0.9", 0, ""});
    report.restart = {"wsc.path"};
    report.seconds = 0.5;
    CHECK(
        f.body_of("POST", "/api/v1/plugins/audit/reload") ==
        R"({"outcome":"reloaded","plugins":[{"name":"audit","action":"reloaded","from":{"generation":1,"version":"1.0"},)"
        R"("to":{"generation":2,"version":"1.1"}},{"name":"cors","action":"added","to":{"generation":1,"version":"1.0"}},)"
        R"({"name":"old","action":"removed","from":{"generation":3,"version":"0.9"}}],)"
        R"("needs_restart":["wsc.path"],"seconds":0.5})");
    report = PluginReload();
    report.why = "why not";
    for (const auto& [outcome, status] :
         {std::make_pair(Outcome::reloaded, 200), std::make_pair(Outcome::unchanged, 200),
          std::make_pair(Outcome::not_found, 404), std::make_pair(Outcome::busy, 409),
          std::make_pair(Outcome::refused, 422), std::make_pair(Outcome::ended, 503)}) {
        report.outcome = outcome;
        const auto response = f.ask("POST", "/api/v1/reload");
        REQUIRE(response.has_value());
        CHECK(response->status == status);
        CHECK((response->body.find("why not") != std::string::npos) == (status != 200));
    }
    CHECK(fake().reloads == std::vector<std::string>{"audit", "", "", "", "", "", ""});
}

TEST_CASE("a plugin's hooks, and what its budget does, are told") {
    Fixture f;
    fake().plugins.resize(1);
    PluginStatus& plugin = fake().plugins[0];
    plugin.name = "slow";
    HookTotals& hook = plugin.totals.hooks[static_cast<size_t>(Hook::message)];
    hook.calls = 7;
    hook.timed_calls = 2;
    hook.timed_ns = 300;
    plugin.totals.hooks[static_cast<size_t>(Hook::on_event)].calls = 1;
    plugin.totals.deferred = 5;
    plugin.totals.resumed = 2;
    plugin.totals.deadlines = 1;
    plugin.has_budget = true;
    plugin.breaker = BreakerState::half_open;
    plugin.breaker_opened = 3;
    plugin.totals.overruns = 30;
    plugin.totals.bypassed = 4;
    CHECK(
        f.body_of("GET", "/api/v1/plugins") ==
        R"({"plugins":[{"name":"slow","id":"","version":"","path":"","kinds":[],"loaded":true,"state":"running","generation":1,"connections":0,"draining":[],"crashes":0,"stuck":0,"calls":8,"errors":0,)"
        R"("misuse":0,"deferred":2,"deferred_total":5,"breaker":"half_open","breaker_opened":3,)"
        R"("overruns":30,"bypassed":4,"refused":0,"hooks":{"intercept_message":{"calls":7,"mean_ns":150},)"
        R"("on_event":{"calls":1}}}]})");
    fake().plugins.clear();
}

TEST_CASE("routes of plugins come after the listener's own, with its rules") {
    Fixture f;
    AdminRoutes routes;
    std::string why;
    const auto handler = [](void* to, const gw_admin_request* request) {
        static_cast<void>(
            static_cast<AdminRoutes*>(to)->answer(to, request->call, {201, "text/plain", "hi"}));
    };
    for (const char* path : {"/hello", "/api/v1/groups"})
        REQUIRE(routes.add({&routes, "acme", GW_STAGE_GROUPS}, "PUT", path, handler, &routes, &why) == GW_OK);
    routes.commit(&routes, nullptr);
    fake().find_route = [&](std::string_view method, const std::vector<std::string>& parts) {
        return routes.find(method, parts);
    };
    fake().call_route = [&](uint64_t route, const AdminCall& call, AdminRespond respond) {
        CHECK(call.path == "/api/v1/plugins/acme/hello");
        routes.call(route, call, 1, std::move(respond));
    };
    const auto answer = f.ask("PUT", "/api/v1/plugins/acme/hello?x=1", "", "");
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(answer->content_type == "text/plain");
    CHECK(answer->body == "hi");
    CHECK(f.ask("GET", "/api/v1/plugins/acme/hello")->allow == "PUT");
    CHECK(f.status("GET", "/api/v1/plugins/acme/other") == 404);
    CHECK(f.status("GET", "/api/v1/groups") == 405);

    // Gone between the head and the body.
    admin::RequestHead head;
    head.method = "PUT";
    head.target = "/api/v1/plugins/acme/hello";
    head.host = "127.0.0.1:8082";
    head.has_body = true;
    CHECK(f.api.refusal(head)->status == 415);
    head.content_type = "application/json";
    CHECK_FALSE(f.api.refusal(head));
    routes.forget(&routes);
    int status = 0;
    f.api.handle(head, "{}", [&](const Response& response) { status = response.status; });
    CHECK(status == 503);
    fake() = FakeGateway();
}
