#include "core/plugins/admin_routes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/chain/context.h"

namespace gatewayd {
namespace {

using Parts = std::vector<std::string>;

constexpr uint64_t second_ns = 1'000'000'000;

// A plugin with one handler that writes down what it is asked, and may answer at once.
struct Plugin {
    explicit Plugin(AdminRoutes* to, const char* plugin_name, uint32_t plugin_stage = GW_STAGE_MESSAGE)
        : routes(to), name(plugin_name), stage(plugin_stage) {}

    // "": added; or why not, with the code.
    std::string add(const char* method, const char* path) {
        std::string why;
        const int32_t code = routes->add({this, name, stage}, method, path, handle, this, &why);
        return code == GW_OK ? "" : std::to_string(code) + " " + why;
    }
    static void handle(void* self, const gw_admin_request* request) {
        auto& plugin = *static_cast<Plugin*>(self);
        plugin.asked.push_back(std::string(from_abi(request->method)) + " " +
                               std::string(from_abi(request->path)));
        plugin.last = request->call;
        gw_str text{nullptr, 0};
        if (AdminRoutes::parameter(*request, "id", &text) == GW_OK)
            plugin.asked.back() += " id=" + std::string(from_abi(text));
        if (AdminRoutes::query(*request, "x", &text) == GW_OK)
            plugin.asked.back() += " x=" + std::string(from_abi(text));
        if (plugin.throws) throw std::runtime_error("no such table");
        if (plugin.answers) plugin.answer(request->call, 200);
    }
    int32_t answer(gw_token call, int status) { return routes->answer(this, call, {status, "", name}); }

    AdminRoutes* const routes;
    const std::string name;
    const uint32_t stage;
    bool answers = true;
    bool throws = false;
    std::vector<std::string> asked;
    gw_token last{0, 0};
};

struct Listener {
    AdminRoutes routes;
    std::vector<std::string> answers;

    // "404", "405 GET, HEAD", or "" when a handler ran.
    std::string ask(const char* method, const Parts& parts, uint64_t now_ns = second_ns) {
        const AdminRoutes::Found found = routes.find(method, parts);
        if (found.route == 0) return found.allow.empty() ? "404" : "405 " + found.allow;
        AdminCall call;
        call.method = method;
        call.parts = parts;
        for (const std::string& part : parts)
            call.path += "/" + part;
        call.query = {{"x", "1"}, {"x", "2"}};
        routes.call(found.route, call, now_ns, [this](const AdminAnswer& answer) {
            answers.push_back(std::to_string(answer.status) + " " + answer.body);
        });
        return "";
    }
};

TEST_CASE("a plugin's routes are below its own name, and served when it is committed") {
    Listener admin;
    Plugin crm(&admin.routes, "crm");
    CHECK(crm.add("GET", "/customers/{id}").empty());
    CHECK(crm.add("PUT", "/customers/{id}").empty());
    CHECK(crm.add("GET", "/customers/all").empty());
    const Parts u1{"api", "v1", "plugins", "crm", "customers", "u 1"};
    CHECK(admin.ask("GET", u1) == "404");
    admin.routes.commit(&crm, nullptr);
    CHECK(admin.ask("GET", u1).empty());
    CHECK(admin.ask("HEAD", u1).empty());
    CHECK(admin.ask("GET", {"api", "v1", "plugins", "crm", "customers", "all"}).empty());
    CHECK(admin.ask("DELETE", u1) == "405 GET, HEAD, PUT");
    CHECK(admin.ask("GET", {"api", "v1", "plugins", "crm", "customers"}) == "404");
    CHECK(admin.ask("GET", {"api", "v1", "plugins", "other", "customers", "u1"}) == "404");
    CHECK(admin.ask("GET", {"api", "v1", "plugins", "crm", "customers", "\x01"}) == "404");
    CHECK(crm.asked == Parts{"GET /api/v1/plugins/crm/customers/u 1 id=u 1 x=1",
                             "GET /api/v1/plugins/crm/customers/u 1 id=u 1 x=1",
                             "GET /api/v1/plugins/crm/customers/all x=1"});
    CHECK(admin.answers == Parts{"200 crm", "200 crm", "200 crm"});
}

TEST_CASE("what is no route, another's, the gateway's or another stage's is refused") {
    Listener admin;
    admin.routes.reserve({"/api/v1/clients/{id}", "/api/v1/plugins/{id}/reload", "/api/v1/groups/{id}/core"});
    Plugin crm(&admin.routes, "crm");
    const std::string no_path = "-2 a path is /PART/PART, each of letters, digits and ._~- or a {name}";
    for (const char* path : {"", "customers", "/", "/a//b", "/a/", "/a b", "/a?b", "/{}", "/{a b}", "/a%20b"})
        CHECK(crm.add("GET", path) == no_path);
    CHECK(crm.add("GET", ("/" + std::string(256, 'a')).c_str()) == no_path);
    CHECK(crm.add("TRACE", "/a") == "-2 methods are GET, POST, PUT, PATCH and DELETE");
    CHECK(crm.add("GET", "/_internal") == "-2 names that begin with _ are the gateway's");
    CHECK(crm.add("POST", "/reload") == "-3 the gateway has a route of its own there");
    CHECK(crm.add("POST", "/{id}").empty());  // the gateway answers for reload, and for no other
    CHECK(crm.add("POST", "/{other}") == "-3 it has this route already");
    const std::string not_its = "-3 that top-level name does not belong to the plugin's stage";
    CHECK(crm.add("GET", "/api/v1/groups") == not_its);
    CHECK(crm.add("GET", "/api/v1/orders") == not_its);
    CHECK(crm.add("GET", "/api/v1/clients/{id}") == not_its);

    Plugin group(&admin.routes, "group", GW_STAGE_GROUPS);
    Plugin other(&admin.routes, "other", GW_STAGE_GROUPS);
    Plugin ticket(&admin.routes, "ticket", GW_STAGE_TICKETS);
    CHECK(group.add("GET", "/api/v1/groups").empty());
    CHECK(group.add("PUT", "/api/v1/groups/{id}/members/{user}").empty());
    CHECK(group.add("GET", "/api/v1/groups/{id}/core") == "-3 the gateway has a route of its own there");
    CHECK(group.add("GET", "/api/v1/tickets") == not_its);
    CHECK(ticket.add("GET", "/api/v1/tickets/{id}").empty());
    CHECK(other.add("GET", "/api/v1/groups") == "-3 the plugin group has this route");
    admin.routes.commit(&group, nullptr);
    CHECK(admin.ask("GET", {"api", "v1", "groups"}).empty());
    CHECK(admin.ask("PUT", {"api", "v1", "groups", "g1", "members", "u1"}).empty());
    CHECK(admin.ask("POST", {"api", "v1", "groups"}) == "405 GET, HEAD");

    for (size_t i = 1; i < max_admin_routes_per_plugin; ++i)
        REQUIRE(crm.add("GET", ("/r" + std::to_string(i)).c_str()).empty());
    CHECK(crm.add("GET", "/one-more") == "-9 a plugin has at most 64 routes");
}

TEST_CASE("a call is answered once, by its plugin, in time") {
    Listener admin;
    Plugin crm(&admin.routes, "crm");
    Plugin other(&admin.routes, "other");
    crm.answers = false;
    REQUIRE(crm.add("GET", "/a").empty());
    admin.routes.commit(&crm, nullptr);
    const Parts path{"api", "v1", "plugins", "crm", "a"};
    REQUIRE(admin.ask("GET", path).empty());
    CHECK(other.answer(crm.last, 200) == GW_E_STALE);
    CHECK(crm.answer({2, crm.last.generation}, 200) == GW_E_STALE);
    std::thread([&] { CHECK(crm.answer(crm.last, 202) == GW_OK); }).join();
    CHECK(crm.answer(crm.last, 200) == GW_E_STALE);
    CHECK(admin.answers == Parts{"202 crm"});

    REQUIRE(admin.ask("GET", path, 10 * second_ns).empty());
    REQUIRE(admin.ask("GET", path, 11 * second_ns).empty());
    CHECK(admin.routes.expire(18 * second_ns) == 19 * second_ns);
    CHECK(admin.routes.expire(19 * second_ns) == 20 * second_ns);
    CHECK(admin.answers.size() == 2);
    CHECK(
        admin.answers[1] ==
        R"(503 {"error":{"code":"unavailable","message":"the plugin crm did not answer within 9 seconds"}})");
    CHECK(crm.answer(crm.last, 200) == GW_OK);
    CHECK(admin.routes.expire(30 * second_ns) == 0);
    CHECK(admin.answers.size() == 3);
}

TEST_CASE("an exception of a handler is answered with 500") {
    Listener admin;
    Plugin crm(&admin.routes, "crm");
    crm.throws = true;
    REQUIRE(crm.add("GET", "/a").empty());
    admin.routes.commit(&crm, nullptr);
    REQUIRE(admin.ask("GET", {"api", "v1", "plugins", "crm", "a"}).empty());
    CHECK(admin.answers ==
          Parts{R"(500 {"error":{"code":"plugin_error","message":"the plugin crm failed"}})"});
    CHECK(crm.answer(crm.last, 200) == GW_E_STALE);
}

TEST_CASE("calls that wait have a limit") {
    Listener admin;
    Plugin crm(&admin.routes, "crm");
    crm.answers = false;
    REQUIRE(crm.add("GET", "/a").empty());
    admin.routes.commit(&crm, nullptr);
    const Parts path{"api", "v1", "plugins", "crm", "a"};
    for (size_t i = 0; i < max_admin_calls; ++i)
        REQUIRE(admin.ask("GET", path).empty());
    REQUIRE(admin.answers.empty());
    REQUIRE(admin.ask("GET", path).empty());
    CHECK(admin.answers ==
          Parts{R"(503 {"error":{"code":"unavailable","message":"too many requests wait for plugins"}})"});
}

TEST_CASE("a swap: routes change hands in one step, calls of the old generation are still its own") {
    Listener admin;
    Plugin g(&admin.routes, "crm");
    Plugin g1(&admin.routes, "crm");
    g.answers = false;
    REQUIRE(g.add("GET", "/a").empty());
    REQUIRE(g.add("GET", "/old").empty());
    admin.routes.commit(&g, nullptr);
    const Parts path{"api", "v1", "plugins", "crm", "a"};
    REQUIRE(admin.ask("GET", path).empty());
    const AdminRoutes::Found before = admin.routes.find("GET", path);

    REQUIRE(g1.add("GET", "/a").empty());
    REQUIRE(admin.ask("GET", path).empty());
    CHECK(g.asked.size() == 2);
    admin.routes.commit(&g1, &g);
    REQUIRE(admin.ask("GET", path).empty());
    CHECK(g1.asked.size() == 1);
    CHECK(admin.ask("GET", {"api", "v1", "plugins", "crm", "old"}) == "404");
    // Who was found before the swap and called after it gets the new one.
    AdminCall call;
    call.method = "GET";
    call.parts = path;
    admin.routes.call(before.route, call, second_ns, [](const AdminAnswer&) {});
    CHECK(g1.asked.size() == 2);

    CHECK(g.answer(g.last, 200) == GW_OK);
    admin.answers.clear();
    admin.routes.forget(&g);
    CHECK(
        admin.answers ==
        Parts{
            R"(503 {"error":{"code":"unavailable","message":"the plugin crm has ended before it answered"}})"});
    CHECK(admin.ask("GET", path).empty());
    admin.routes.forget(&g1);
    CHECK(admin.ask("GET", path) == "404");
}

TEST_CASE("threads answer while others ask whether there are routes") {
    Listener admin;
    Plugin crm(&admin.routes, "crm");
    crm.answers = false;
    REQUIRE(crm.add("GET", "/{id}").empty());
    admin.routes.commit(&crm, nullptr);
    std::atomic<bool> ends{false};
    std::thread listener([&] {
        while (!ends)
            CHECK(admin.routes.find("GET", {"api", "v1", "plugins", "crm", "u"}).route != 0);
    });
    std::atomic<int> answered{0};
    for (int i = 0; i < 200; ++i) {
        AdminCall call;
        call.method = "GET";
        call.parts = {"api", "v1", "plugins", "crm", "u"};
        admin.routes.call(1, call, second_ns, [&](const AdminAnswer&) { ++answered; });
        std::thread one([&] { static_cast<void>(crm.answer(crm.last, 200)); });
        static_cast<void>(crm.answer(crm.last, 200));
        one.join();
    }
    ends = true;
    listener.join();
    CHECK(answered == 200);
}

}  // namespace
}  // namespace gatewayd
