// Sessions, upgrades and routing on one reactor, with plugins of functions and sockets as clients.
#include "core/session/session.h"

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "tests/unit/session/running.h"

namespace gatewayd {
namespace {

using testing::answers_ping;
using testing::client_frame;
using testing::FakePlugin;
using testing::Running;
using testing::TestClient;
using testing::to;
using Log = std::vector<std::string>;

// The rejection was ignored, and the client was let in.
TEST_CASE("a plugin that rejects a handshake and returns GW_CONTINUE has rejected it") {
    FakePlugin guard("guard", GW_KIND_HANDSHAKE);
    guard.intercept = [](void*, gw_ctx*, gw_req* req, gw_next*) {
        if (from_abi(req)->reject(401, "unauthorized", "no token") != GW_OK) return GW_E_FAIL;
        return GW_CONTINUE;
    };
    Running running{&guard};
    TestClient client(running.port);
    CHECK(client.handshake("/ws?client_id=c") == 401);
    CHECK(client.read_all().find("no token") != std::string::npos);
    running.stop();
    CHECK(running.counters.session.opened.get() == 0);
}

TEST_CASE("handshake hooks name the user, add headers, refuse, drop; views outlive what they set") {
    FakePlugin auth("auth", GW_KIND_HANDSHAKE);
    auth.intercept = [](void*, gw_ctx*, gw_req* req, gw_next*) {
        Request& request = *from_abi(req);
        std::string_view mode;
        if (request.query("mode", &mode) != GW_OK) return GW_CONTINUE;
        if (mode == "drop") return GW_DROP;
        if (mode == "done") return GW_DONE;
        if (mode == "error") return GW_E_FAIL;
        CHECK(request.set_field("user_id", std::string(100, 'a')) == GW_OK);
        std::string_view first;
        CHECK(request.field("user_id", &first) == GW_OK);
        CHECK(request.set_field("user_id", "real") == GW_OK);
        CHECK(request.set_field("client_id", "line\nbreak") == GW_E_ARG);
        CHECK(request.set_field("nonsense", "x") == GW_E_ARG);
        CHECK(request.set_field("subprotocol", "not offered") == GW_E_ARG);
        CHECK(first == std::string(100, 'a'));
        CHECK(request.set_response_header("X-Ok", "yes") == GW_OK);
        CHECK(request.set_response_header("X-Bad", "a\r\nX-Evil: 1") == GW_E_ARG);
        CHECK(request.set_response_header("Sec-WebSocket-Accept", "x") == GW_E_ARG);
        return GW_CONTINUE;
    };
    Running running{&auth};
    TestClient named(running.port);
    CHECK(named.handshake("/ws?mode=name&client_id=c&user_id=claimed&user_type=agent") == 101);
    CHECK(named.head.find("X-Ok: yes\r\n") != std::string::npos);
    CHECK(named.head.find("Evil") == std::string::npos);
    const std::string greeting = named.read_text().value_or("");
    CHECK(greeting.find(R"("client_id":"c","user_id":"real","user_type":"customer")") != std::string::npos);
    TestClient dropped(running.port);
    CHECK(dropped.handshake("/ws?mode=drop") == 0);
    TestClient done(running.port);
    CHECK(done.handshake("/ws?mode=done") == 503);
    TestClient failed(running.port);
    CHECK(failed.handshake("/ws?mode=error") == 503);
    TestClient elsewhere(running.port);
    CHECK(elsewhere.handshake("/elsewhere") == 404);
    TestClient stranger(running.port);
    CHECK(stranger.handshake("/ws?user_type=king") == 403);
    TestClient unnamed(running.port);
    CHECK(unnamed.handshake("/ws?client_id=%01") == 400);
    TestClient conflict(running.port);
    CHECK(conflict.handshake("/ws?client_id=c&user_id=other") == 409);
    CHECK(answers_ping(named));
}

// The address was kept in one place for all clients: a delivery hook that asked for its recipient's changed
// the one that the sender's hook was looking at.
TEST_CASE("what client() said stays while hooks of other connections ask as well") {
    FakePlugin outer("outer", GW_KIND_MESSAGE | GW_KIND_DELIVERY);
    int looked = 0;
    outer.intercept = [&](void*, gw_ctx* ctx, gw_req* req, gw_next* next) {
        gw_client client{};
        client.struct_size = sizeof client;
        CHECK(from_abi(ctx)->client(&client));
        if (from_abi(req)->kind == GW_KIND_DELIVERY) return GW_CONTINUE;
        const std::string before(from_abi(client.remote_address));
        const int32_t result = chain_next(next, nullptr, nullptr);
        CHECK(from_abi(client.remote_address) == before);
        ++looked;
        return result;
    };
    Running running{&outer};
    TestClient a = running.join("a");
    TestClient b = running.join("b");
    a.send_text(to("b", "hello"));
    CHECK(b.read_text());
    running.stop();
    CHECK(looked == 1);
}

TEST_CASE("delivery hooks change, drop and fail for one recipient alone, in the order of sending") {
    FakePlugin hook("hook", GW_KIND_DELIVERY);
    hook.attaches();
    hook.attach = [](gw_ctx* ctx, void**, uint32_t*) {
        gw_client client{};
        client.struct_size = sizeof client;
        from_abi(ctx)->client(&client);
        return from_abi(client.client_id) == "hooked" ? GW_OK : GW_SKIP;
    };
    hook.detach = [](void*, gw_ctx*) {};
    hook.intercept = [](void*, gw_ctx*, gw_req* req, gw_next*) {
        std::string_view content;
        from_abi(req)->field("content", &content);
        if (content == "drop") return GW_DROP;
        if (content == "fail") return GW_E_FAIL;
        return from_abi(req)->set_field("content", "for you: " + std::string(content));
    };
    Running running{&hook};
    TestClient hooked = running.join("hooked");
    TestClient plain = running.join("plain");
    TestClient agent = running.join("agent", "agent");
    for (const char* content : {"one", "drop", "two", "fail", "three"}) {
        agent.send_text(R"({"type":"text","content":")" + std::string(content) + "\"}");
        if (std::string(content) == "two") agent.send_text(to("hooked", "direct") + " ");
        if (std::string(content) == "two") agent.send_text(to("plain", "direct"));
    }
    for (const char* content : {"one", "drop", "two", "direct", "fail", "three"}) {
        CHECK(plain.read_text().value_or("").find("\"content\":\"" + std::string(content) + "\"") !=
              std::string::npos);
    }
    for (const char* content : {"one", "two", "direct", "three"}) {
        CHECK(hooked.read_text().value_or("").find("\"content\":\"for you: " + std::string(content) + "\"") !=
              std::string::npos);
    }
    CHECK(answers_ping(hooked));
    CHECK(answers_ping(agent));
    running.stop();
    CHECK(running.counters.session.deliveries_dropped.get() == 2);
}

TEST_CASE("frame hooks claim messages or put others in their place; what nobody claims is answered") {
    FakePlugin hook("hook", GW_KIND_FRAME);
    hook.intercept = [](void*, gw_ctx*, gw_req* req, gw_next*) {
        Request& request = *from_abi(req);
        const std::string bytes(request.payload());
        if (bytes == "claim") return request.answer("claimed") == GW_OK ? GW_DONE : GW_E_FAIL;
        if (bytes.find("swap ") == 0) {
            CHECK(request.replace_payload("\xFF") == (request.is_binary() ? GW_OK : GW_E_ARG));
            const std::string_view before = request.payload();
            const std::string copy(before);
            CHECK(request.replace_payload(std::string(200, ' ') +
                                          R"({"type":"text","to":"u-b","content":"swapped"})") == GW_OK);
            CHECK(request.replace_payload(request.payload()) == GW_OK);
            CHECK(before == copy);
        }
        return GW_CONTINUE;
    };
    Running running{&hook};
    TestClient a = running.join("a");
    TestClient b = running.join("b");
    a.send(client_frame(Opcode::binary, "claim"));
    const auto claimed = a.read_frame();
    REQUIRE(claimed);
    CHECK(claimed->opcode == Opcode::binary);
    CHECK(claimed->payload == "claimed");
    a.send_text("swap this");
    CHECK(b.read_text().value_or("").find("swapped") != std::string::npos);
    a.send(client_frame(Opcode::binary, "unclaimed"));
    CHECK(a.read_text().value_or("").find(R"("code":"invalid_message")") != std::string::npos);
}

// Every rejection but two came out as `forbidden`: a back end could not tell "later" from "never".
TEST_CASE("a publish that a plugin rejects is answered with the plugin's code and words") {
    FakePlugin judge("judge", GW_KIND_PUBLISH);
    judge.intercept = [](void*, gw_ctx*, gw_req* req, gw_next*) {
        std::string_view word;
        if (from_abi(req)->field("content", &word) != GW_OK) return GW_DONE;
        if (from_abi(req)->reject(0, word, "because") != GW_OK) return GW_E_FAIL;
        return GW_DONE;
    };
    Running running{&judge};
    auto outcome = [&](const std::string& fields) {
        std::promise<PublishResult> promise;
        PublishOrder order;
        order.to.kind = DestinationKind::all;
        order.message = R"({"type":"text")" + fields + "}";
        const Status posted = running.node.publish(
            std::move(order), [&](PublishResult result) { promise.set_value(std::move(result)); });
        REQUIRE(posted.ok());
        return promise.get_future().get();
    };
    struct Case {
        const char* word;
        ErrorCode code;
    };
    for (const auto& [word, code] :
         {Case{"rate_limited", ErrorCode::rate_limited}, Case{"conflict", ErrorCode::conflict},
          Case{"too_large", ErrorCode::too_large}, Case{"unavailable", ErrorCode::unavailable},
          Case{"a word of its own", ErrorCode::forbidden}, Case{"ok", ErrorCode::forbidden}}) {
        CAPTURE(word);
        const PublishResult result = outcome(R"(,"content":")" + std::string(word) + "\"");
        CHECK(result.status.code() == code);
        CHECK(result.status.message() == "because");
        CHECK(result.msg_id.empty());
    }
    const PublishResult silent = outcome("");
    CHECK(silent.status.ok());
    CHECK(silent.delivered == 0);
    CHECK(!silent.msg_id.empty());
}

TEST_CASE("a session's hooks come in their order: attach, connected, messages, disconnected, detach") {
    FakePlugin hook("hook", GW_KIND_MESSAGE, GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_MESSAGE_RECEIVED);
    Log log;
    hook.attaches();
    hook.attach = [&](gw_ctx*, void**, uint32_t*) { return log.push_back("attach"), GW_OK; };
    hook.detach = [&](void*, gw_ctx* ctx) {
        CHECK(from_abi(ctx)->send("{}") == GW_E_STALE);
        log.push_back("detach");
    };
    hook.on_event = [&](void*, const gw_event* event) {
        log.push_back("event " + std::to_string(event->type) + " " + std::string(from_abi(event->reason)));
    };
    hook.intercept = [&](void*, gw_ctx* ctx, gw_req*, gw_next*) {
        log.push_back("message");
        CHECK(from_abi(ctx)->close(1000, "\xFF") == GW_E_ARG);
        CHECK(from_abi(ctx)->close(1001, "") == GW_E_ARG);
        CHECK(from_abi(ctx)->send(R"({"type":"bye"})") == GW_OK);
        CHECK(from_abi(ctx)->close(4000, "enough") == GW_OK);
        CHECK(from_abi(ctx)->close(4001, "twice") == GW_E_STALE);
        return GW_CONTINUE;
    };
    Running running{&hook};
    TestClient client = running.join("c");
    client.send_text(to("c", "x"));
    CHECK(client.read_text() == R"({"type":"bye"})");
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == 4000);
    CHECK(frame->payload.substr(2) == "enough");
    client.send_close(4000);
    CHECK(client.at_end());
    running.stop();
    CHECK(log == Log{"attach", "event 1 ", "event 4 ", "message", "event 2 plugin_close", "detach"});
}

TEST_CASE("a plugin whose attach fails costs the connection, with 1011") {
    FakePlugin hook("hook", GW_KIND_MESSAGE);
    hook.attaches();
    hook.attach = [](gw_ctx*, void**, uint32_t*) { return GW_E_FAIL; };
    Running running{&hook};
    TestClient client = running.join("c");
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == close_internal_error);
}

// The broadcast before the kick was collected for the end of the turn, when the kicked one was gone.
TEST_CASE("what was sent to everyone before a kick in the same turn reaches the kicked client") {
    Running running;
    TestClient client = running.join("c");
    std::promise<uint64_t> delivered;
    running.reactor.post([&] {
        PublishOrder order;
        order.to.kind = DestinationKind::all;
        order.message = R"({"type":"news","content":"last"})";
        running.worker.run_publish(
            order, [&](const PublishResult& result) { delivered.set_value(result.delivered); });
        CHECK(running.worker.kick(running.node.directory.find_client("c")->handle, "kicked"));
    });
    CHECK(client.read_text().value_or("").find("last") != std::string::npos);
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == close_policy);
    CHECK(delivered.get_future().get() == 1);
}

// A message to the topic, read in the turn in which a plugin subscribed somebody, passed that one over: the
// letter of the subscribe was still in the mailbox.
TEST_CASE("a message to a topic reaches who was subscribed before it in the same turn") {
    Running running;
    TestClient client = running.join("c");
    std::promise<uint64_t> delivered;
    running.reactor.post([&] {
        const ConnectionHandle handle = running.node.directory.find_client("c")->handle;
        CHECK(running.worker.change_topic(handle, "t", true));
        CHECK(running.node.directory.reactors_of_topic("t") == reactor_bit(0));
        PublishOrder order;
        order.to = {DestinationKind::topic, false, "t"};
        order.message = R"({"type":"news","content":"first"})";
        running.worker.run_publish(
            order, [&](const PublishResult& result) { delivered.set_value(result.delivered); });
    });
    CHECK(client.read_text().value_or("").find("first") != std::string::npos);
    CHECK(delivered.get_future().get() == 1);
    CHECK(answers_ping(client));
    running.stop();
    CHECK(running.node.directory.reactors_of_topic("t") == 0);
}

}  // namespace
}  // namespace gatewayd
