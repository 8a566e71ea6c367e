// The plugin group in the harness, with a store that can be held up and made to fail.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "gateway/harness.hpp"
#include "tests/unit/plugins/fake_store.h"

namespace gatewayd {
namespace {

using gateway::harness::Client;
using gateway::harness::Connection;
using gateway::harness::Plugin;
using gateway::harness::Request;
using testing::FakeStore;

const std::string file = std::string(GATEWAYD_PLUGIN_FOLDER) + "/group.so";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

struct Hall {
    FakeStore store;
    Plugin plugin{file};

    explicit Hall(const std::string& config = "changes_per_minute: 0") {
        plugin.offer_service(GW_STORE, store.table());
        plugin.create(config);
        plugin.start();
    }
    Connection connect(const std::string& user, const std::string& client = {}) {
        Client who;
        who.user_id = user;
        who.client_id = client.empty() ? "c-" + user : client;
        return plugin.connect(who);
    }
    // What the sender is answered.
    std::string ask(Connection& who, const std::string& json) {
        Request request = who.message(json);
        if (request.outcome() == "pending") {
            // Notices are published first; their completions come in turn().
            REQUIRE(plugin.wait_for([&] { return request.outcome() != "pending"; }));
        }
        if (request.outcome() == "rejected") return request.rejection().word;
        REQUIRE(request.answers().size() == 1);
        return request.answers()[0];
    }
    std::string join(Connection& who, const std::string& id) {
        return ask(who, R"({"type":"group_join","group_id":")" + id + "\"}");
    }
};

TEST_CASE("group: a join is answered when it is durable, and not before") {
    Hall hall;
    Connection ada = hall.connect("ada");
    hall.store.hold(true);
    Request request = ada.message(R"({"type":"group_join","id":7,"group_id":"g"})");
    CHECK(request.outcome() == "pending");
    hall.plugin.turn();
    CHECK(request.outcome() == "pending");
    CHECK(hall.plugin.topics(ada).empty());
    CHECK(hall.plugin.published().empty());
    Connection bob = hall.connect("ada", "second");  // not in it yet, either
    CHECK(hall.plugin.topics(bob).empty());
    CHECK(bob.message(R"({"type":"text","group_id":"g"})").rejection().word == "forbidden");
    hall.store.hold(false);
    REQUIRE(hall.plugin.wait_for([&] { return request.outcome() != "pending"; }));
    CHECK(has(request.answers().at(0), R"("type":"group_joined","id":7,"group_id":"g")"));
    CHECK(hall.plugin.topics(ada) == std::vector<std::string>{"group:g"});
    CHECK(hall.plugin.topics(bob) == std::vector<std::string>{"group:g"});
    REQUIRE(hall.plugin.published().size() == 1);
    CHECK(has(hall.plugin.published()[0].message, R"("type":"group_member_joined")"));
    CHECK(hall.plugin.metric("gateway_groups").value == 1);
}

TEST_CASE("group: a change is an event for other plugins when it is durable") {
    Hall hall;
    Connection ada = hall.connect("ada");
    hall.store.refuses = GW_E_LIMIT;
    hall.join(ada, "g");
    CHECK(hall.plugin.emitted().empty());
    hall.store.refuses = GW_OK;
    hall.join(ada, "g");
    REQUIRE(hall.plugin.emitted().size() == 2);
    CHECK(hall.plugin.emitted()[0].name == "group.created");
    CHECK(hall.plugin.emitted()[1].name == "group.member_joined");
    CHECK(has(hall.plugin.emitted()[1].json, R"("group_id":"g","user_id":"ada")"));
    hall.plugin.somebody_listens(false);
    Connection bob = hall.connect("bob");
    hall.join(bob, "g");
    CHECK(hall.plugin.emitted().size() == 2);  // nothing is made for nobody
}

TEST_CASE("group: a message goes to the topic, but not to its sender") {
    Hall hall;
    Connection ada = hall.connect("ada");
    hall.join(ada, "g");
    Request sent = ada.message(R"({"type":"text","group_id":"g"})");
    CHECK(sent.outcome() == "passed");
    CHECK(sent.destination().kind == GW_DEST_TOPIC);
    CHECK(sent.destination().id == "group:g");
    CHECK(sent.destination().not_sender);
    CHECK(ada.message(R"({"type":"text","to":"u2"})").outcome() == "passed");
    CHECK(ada.message(R"({"type":"text","ticket_id":"t"})").destination().kind == GW_DEST_NONE);
    CHECK(ada.message(R"({"type":"group_nonsense"})").outcome() == "passed");  // the core refuses it
}

TEST_CASE("group: what the store does not take has not happened") {
    Hall hall;
    Connection ada = hall.connect("ada");
    for (const int32_t refusal : {GW_E_LIMIT, GW_E_STATE}) {
        hall.store.refuses = refusal;
        CHECK(hall.join(ada, "g") == "unavailable");
        hall.store.refuses = GW_OK;
        CHECK(has(hall.ask(ada, R"({"type":"group_list"})"), R"("groups":[])"));
    }
    CHECK(has(hall.join(ada, "g"), "group_joined"));
    CHECK(hall.plugin.metric("gateway_group_store_failures_total").value == 2);
}

TEST_CASE("group: a store that fails undoes what was under way; when it works, so do the groups") {
    Hall hall;
    Connection ada = hall.connect("ada");
    Connection bob = hall.connect("bob");
    hall.join(ada, "g");
    hall.join(bob, "g");
    hall.store.hold(true);
    hall.store.fails = true;
    Request lost = ada.message(R"({"type":"group_join","group_id":"h"})");
    Request behind = bob.message(R"({"type":"group_leave","group_id":"g"})");
    hall.store.hold(false);
    REQUIRE(
        hall.plugin.wait_for([&] { return lost.outcome() != "pending" && behind.outcome() != "pending"; }));
    CHECK(lost.rejection().word == "unavailable");
    CHECK(behind.rejection().word == "unavailable");
    CHECK(hall.join(ada, "i") == "unavailable");  // until everything was loaded anew
    CHECK(ada.message(R"({"type":"text","group_id":"g"})").outcome() == "passed");
    // Loading fails, too, and is tried again and again.
    hall.store.unreadable = true;
    const auto said = [&](const std::string& what) {
        size_t count = 0;
        for (const std::string& line : hall.plugin.log())
            count += has(line, what) ? 1 : 0;
        return count;
    };
    REQUIRE(hall.plugin.wait_for([&] {
        hall.plugin.advance_ms(10'000);
        return said("could not be loaded") >= 2;
    }));
    hall.store.unreadable = false;
    hall.store.fails = false;
    REQUIRE(hall.plugin.wait_for([&] {
        hall.plugin.advance_ms(10'000);
        return said("were loaded again") == 1;
    }));
    CHECK(has(hall.ask(ada, R"({"type":"group_list"})"), R"("total":1)"));
    CHECK(hall.plugin.topics(bob) == std::vector<std::string>{"group:g"});
    CHECK(hall.plugin.topics(ada) == std::vector<std::string>{"group:g"});
    CHECK(bob.message(R"({"type":"text","group_id":"g"})").outcome() == "passed");
    CHECK(has(hall.join(ada, "h"), "group_joined"));
    CHECK(has(hall.ask(bob, R"({"type":"group_leave","group_id":"g"})"), "group_left"));
    CHECK(hall.plugin.topics(bob).empty());
}

TEST_CASE("group: a client that goes while its join is under way has joined") {
    Hall hall;
    Connection ada = hall.connect("ada");
    hall.store.hold(true);
    Request request = ada.message(R"({"type":"group_join","group_id":"g"})");
    ada.disconnect();
    CHECK(request.outcome() == "cancelled");
    hall.store.hold(false);
    REQUIRE(hall.plugin.wait_for([&] { return hall.plugin.metric("gateway_groups").value == 1; }));
    Connection again = hall.connect("ada", "again");
    CHECK(hall.plugin.topics(again) == std::vector<std::string>{"group:g"});
}

TEST_CASE("group: what the store has is loaded at the start; a store that cannot be read stops it") {
    FakeStore store;
    {
        Plugin plugin(file);
        plugin.offer_service(GW_STORE, store.table());
        plugin.create("changes_per_minute: 0");
        plugin.start();
        Client who;
        who.user_id = "ada";
        Connection ada = plugin.connect(who);
        Request request = ada.message(R"({"type":"group_join","group_id":"g"})");
        REQUIRE(plugin.wait_for([&] { return request.outcome() != "pending"; }));
    }
    {
        Plugin plugin(file);
        plugin.offer_service(GW_STORE, store.table());
        plugin.create();
        plugin.start();
        CHECK(plugin.metric("gateway_group_memberships").value == 1);
        CHECK(has(plugin.admin("GET", "/api/v1/groups/g").answer().body, R"("owner":"ada")"));
    }
    store.unreadable = true;
    Plugin plugin(file);
    plugin.offer_service(GW_STORE, store.table());
    plugin.create();
    CHECK(has(plugin.start_refusal(), "the store cannot be read: the disk is full"));
}

TEST_CASE("group: HTTP is answered when it is durable") {
    Hall hall;
    hall.store.hold(true);
    auto request = hall.plugin.admin("POST", "/api/v1/groups", R"({"group_id":"g","owner":"ada"})");
    CHECK(request.answer().status == 0);
    hall.store.hold(false);
    REQUIRE(hall.plugin.wait_for([&] { return request.answer().status != 0; }));
    CHECK(request.answer().status == 201);
    CHECK(hall.plugin.admin("GET", "/api/v1/groups/none").answer().status == 404);
    CHECK(hall.plugin.admin("POST", "/api/v1/groups/g/messages", R"({"to":"x"})").answer().status == 400);
    auto sent = hall.plugin.admin("POST", "/api/v1/groups/g/messages", R"({"type":"news"})");
    REQUIRE(sent.wait());
    CHECK(sent.answer().status == 200);
    CHECK(has(hall.plugin.published().back().message, R"({"group_id":"g","type":"news"})"));
}

TEST_CASE("group: wrong settings are refused with their place") {
    FakeStore store;
    Plugin plugin(file);
    plugin.offer_service(GW_STORE, store.table());
    CHECK(plugin.refusal("create: maybe") == "test.yaml:1:9: create: must be join or api");
    CHECK(plugin.refusal("visibility: secret") == "test.yaml:1:13: visibility: must be public or invite");
    CHECK(has(plugin.refusal("max_groups_per_user: 5000"), "must be from 1 to 1000"));
    CHECK(has(plugin.refusal("max_grup_size: 5"), "max_grup_size"));
}

}  // namespace
}  // namespace gatewayd
