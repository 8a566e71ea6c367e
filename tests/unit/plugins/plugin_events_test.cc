#include "core/plugins/plugin_events.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/chain/context.h"

namespace gatewayd {
namespace {

using Texts = std::vector<std::string>;

// One generation of a plugin that listens.
struct Instance {
    explicit Instance(const char* plugin_name) : name(plugin_name) {
        owner.instance = this;
        auto blamed = std::make_shared<Interceptor>();
        blamed->name = plugin_name;
        owner.blamed = std::move(blamed);
    }
    static void hear(void* ud, const gw_plugin_event* event) {
        auto& self = *static_cast<Instance*>(ud);
        self.heard.push_back(std::string(from_abi(event->name)) + std::string(from_abi(event->json)));
        self.numbers.push_back(event->number);
        if (self.then) self.then();
    }
    int32_t listen(PluginEvents& events, const char* pattern) {
        return events.listen(&owner, name, pattern, hear, this);
    }

    const std::string name;
    CallbackOwner owner;
    Texts heard;
    std::vector<uint64_t> numbers;
    std::function<void()> then;
};

struct Hub : PluginEvents {
    Hub() {
        set_wake([this] { ++wakes; });
    }
    int32_t tell(const char* name, const std::string& json = "{}") { return emit("teller", name, json, 1); }
    PluginEventNumbers numbers_of(const std::string& plugin) const {
        for (const PluginEventNumbers& one : numbers()) {
            if (one.plugin == plugin) return one;
        }
        return {};
    }
    std::atomic<int> wakes{0};
};

TEST_CASE("names and patterns of events") {
    for (const char* good : {"ticket.assigned", "a", "a.b.c", "x_1-y.z"}) {
        CHECK(is_event_name(good));
        CHECK(is_event_pattern(good));
        CHECK(is_event_pattern(std::string(good) + ".*"));
    }
    CHECK(is_event_pattern("*"));
    const std::string longest(GW_EVENT_MAX_NAME, 'a');
    CHECK(is_event_name(longest));
    for (const std::string& bad :
         Texts{"", ".", "a.", ".a", "a..b", "A.b", "a b", "a.*.b", "a*", "é", ".*", "*.a", longest + "a",
               "client.connected", "message.received", "websocket.started", "error", "gateway.x"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_event_name(bad));
        CHECK_FALSE(is_event_pattern(bad));
    }
    CHECK_FALSE(is_event_name("*"));
    CHECK(is_event_name("clients.x"));
}

TEST_CASE("who listens hears what its patterns match, in the order of the events") {
    Hub hub;
    Instance crm("crm"), all("all");
    CHECK(crm.listen(hub, "ticket.*") == GW_OK);
    CHECK(all.listen(hub, "*") == GW_OK);
    hub.commit(&crm, nullptr);
    hub.commit(&all, nullptr);
    for (const char* name : {"ticket.assigned", "group.left", "ticket.note.added", "tickets.x", "ticket"})
        CHECK(hub.tell(name) == GW_OK);
    CHECK(crm.heard.empty());  // not within emit
    CHECK(hub.wakes == 1);
    hub.deliver();
    CHECK(crm.heard == Texts{"ticket.assigned{}", "ticket.note.added{}"});
    CHECK(all.heard.size() == 5);
    CHECK(all.numbers == std::vector<uint64_t>{1, 2, 3, 4, 5});
    CHECK(hub.numbers_of("crm").heard == 2);
    CHECK(hub.numbers_of("teller").emitted == 5);
    CHECK(hub.numbers_of("teller").heard == 0);
}

TEST_CASE("nobody listens: nothing is kept; a plugin does not hear itself") {
    Hub hub;
    CHECK_FALSE(hub.wanted("teller", "ticket.assigned"));
    Instance self("teller");
    self.listen(hub, "*");
    hub.commit(&self, nullptr);
    CHECK_FALSE(hub.wanted("teller", "ticket.assigned"));
    CHECK(hub.wanted("crm", "ticket.assigned"));
    hub.tell("ticket.assigned");
    hub.deliver();
    CHECK(self.heard.empty());
}

TEST_CASE("each pattern of a plugin hears it") {
    Hub hub;
    Instance crm("crm");
    crm.listen(hub, "a.b");
    crm.listen(hub, "a.*");
    hub.commit(&crm, nullptr);
    hub.tell("a.b");
    hub.deliver();
    CHECK(crm.heard.size() == 2);
    CHECK(hub.numbers_of("crm").heard == 1);
    for (uint32_t i = 2; i < GW_EVENT_MAX_PATTERNS; ++i)
        CHECK(crm.listen(hub, "more") == GW_OK);
    CHECK(crm.listen(hub, "more") == GW_E_LIMIT);
}

TEST_CASE("what is staged waits for its generation, or is heard by the one in place") {
    Hub hub;
    Instance g("crm"), next("crm");
    g.listen(hub, "a");
    hub.tell("a", "{\"n\":1}");  // as while plugins start
    hub.deliver();
    CHECK(g.heard.empty());
    hub.commit(&g, nullptr);
    hub.deliver();
    CHECK(g.heard == Texts{"a{\"n\":1}"});
    SUBCASE("a swap: by the old one until commit, by the new one from then on") {
        next.listen(hub, "a");
        next.listen(hub, "b");
        hub.tell("a", "{\"n\":2}");
        hub.tell("b");
        hub.deliver();
        CHECK(g.heard.size() == 2);
        hub.tell("a", "{\"n\":3}");  // waits when the new one takes over
        hub.commit(&next, &g);
        hub.deliver();
        CHECK(g.heard.size() == 2);
        CHECK(next.heard == Texts{"a{\"n\":3}"});
    }
    SUBCASE("exclusive: what comes between the two waits") {
        next.listen(hub, "a");
        hub.forget(&g);
        hub.tell("a", "{\"n\":2}");
        hub.deliver();
        hub.commit(&next, nullptr);
        hub.deliver();
        CHECK(next.heard == Texts{"a{\"n\":2}"});
    }
    SUBCASE("exclusive, and the new one does not start: the old one again, in the same turn") {
        next.listen(hub, "a");
        hub.forget(&g);
        hub.tell("a", "{\"n\":2}");
        hub.forget(&next);
        Instance again("crm");
        again.listen(hub, "a");
        hub.commit(&again, nullptr);
        hub.deliver();
        CHECK(again.heard == Texts{"a{\"n\":2}"});
    }
    SUBCASE("who leaves for good leaves nothing behind") {
        hub.tell("a");
        hub.forget(&g);
        hub.deliver();
        CHECK(hub.numbers_of("crm").waiting == 0);
        CHECK(hub.numbers_of("crm").lost == 0);
        CHECK_FALSE(hub.wanted("teller", "a"));
    }
}

TEST_CASE("too many events are lost for who did not hear them, and for nobody else") {
    Hub hub;
    Instance slow("slow"), quick("quick");
    slow.listen(hub, "*");  // staged: hears nothing yet
    quick.listen(hub, "*");
    hub.commit(&quick, nullptr);
    for (uint32_t i = 0; i < GW_EVENT_MAX_WAITING; ++i) {
        REQUIRE(hub.tell("a") == GW_OK);
        hub.deliver();
    }
    CHECK(hub.tell("a") == GW_E_LIMIT);
    hub.deliver();
    CHECK(quick.heard.size() == GW_EVENT_MAX_WAITING + 1);
    CHECK(hub.numbers_of("slow").lost == 1);
    CHECK(hub.numbers_of("slow").waiting == GW_EVENT_MAX_WAITING);
    hub.commit(&slow, nullptr);
    hub.deliver_all();
    CHECK(slow.heard.size() == GW_EVENT_MAX_WAITING);
    hub.tell("a");
    hub.deliver();
    CHECK(slow.numbers.back() == slow.numbers[slow.numbers.size() - 2] + 2);  // the gap
}

TEST_CASE("too many bytes, too") {
    Hub hub;
    Instance slow("slow");
    slow.listen(hub, "*");
    const std::string big(GW_EVENT_MAX_JSON - 64, ' ');
    size_t taken = 0;
    while (hub.tell("a", big) == GW_OK)
        ++taken;
    CHECK(taken == GW_EVENT_MAX_WAITING_BYTES / (big.size() + 1));
    CHECK(hub.tell("a") == GW_OK);  // a small one still has its place
}

TEST_CASE("a turn has an end, and the next one follows") {
    Hub hub;
    Instance crm("crm");
    crm.listen(hub, "*");
    hub.commit(&crm, nullptr);
    for (size_t i = 0; i < max_events_per_turn + 1; ++i)
        hub.tell("a");
    CHECK(hub.wakes == 1);
    hub.deliver();
    CHECK(crm.heard.size() == max_events_per_turn);
    CHECK(hub.wakes == 2);
    hub.deliver();
    CHECK(crm.heard.size() == max_events_per_turn + 1);
    CHECK(hub.wakes == 2);
}

TEST_CASE("plugins that answer each other's events come to an end") {
    Hub hub;
    Instance ping("ping"), pong("pong");
    ping.listen(hub, "pong");
    pong.listen(hub, "ping");
    hub.commit(&ping, nullptr);
    hub.commit(&pong, nullptr);
    ping.then = [&] { hub.emit("ping", "ping", "{}", 1); };
    pong.then = [&] { hub.emit("pong", "pong", "{}", 1); };
    hub.tell("ping");
    hub.deliver_all();
    CHECK(ping.heard.size() + pong.heard.size() == GW_EVENT_MAX_HOPS + 1);
    CHECK(hub.numbers_of("ping").lost + hub.numbers_of("pong").lost == 1);
    hub.tell("ping");  // what another thread or turn emits begins anew
    hub.deliver_all();
    CHECK(ping.heard.size() + pong.heard.size() == 2 * (GW_EVENT_MAX_HOPS + 1));
}

TEST_CASE("events of many threads are all heard once, each thread's in its order") {
    Hub hub;
    Instance crm("crm");
    crm.listen(hub, "*");
    hub.commit(&crm, nullptr);
    constexpr int threads = 4, each = 2000;
    std::vector<std::thread> tellers;
    for (int t = 0; t < threads; ++t) {
        tellers.emplace_back([&hub, t] {
            for (int i = 0; i < each; ++i)
                hub.emit("t" + std::to_string(t), "a",
                         "{" + std::to_string(t) + ":" + std::to_string(i) + "}", 1);
        });
    }
    while (crm.heard.size() < threads * each)
        hub.deliver();
    for (std::thread& teller : tellers)
        teller.join();
    int next[threads] = {};
    for (const std::string& one : crm.heard) {
        const int t = one[2] - '0';
        CHECK(one == "a{" + std::to_string(t) + ":" + std::to_string(next[t]++) + "}");
    }
    CHECK(crm.numbers.back() == threads * each);
}

}  // namespace
}  // namespace gatewayd
