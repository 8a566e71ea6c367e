// The rules of the plugin ABI for verdicts, next and done, attach and events (docs/writing-a-plugin.md).
#include "core/chain/chain.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/chain/fake_plugins.h"

namespace gatewayd {
namespace {

using testing::chain_of;
using testing::FakeContext;
using testing::FakePlugin;
using testing::Message;
using Log = std::vector<std::string>;

const char* const hello = R"({"type":"text","to":"u2"})";

struct Done {
    int calls = 0;
    int32_t status = 99;
    std::function<void(gw_req*)> look;
    static void call(void* ud, gw_ctx*, gw_req* req, int32_t status) {
        auto* done = static_cast<Done*>(ud);
        ++done->calls;
        done->status = status;
        if (done->look) done->look(req);
    }
};

TEST_CASE("plugins see a request in the chain's order, then it is routed") {
    FakePlugin a("a");
    FakePlugin b("b");
    FakePlugin other("other", GW_KIND_DELIVERY);
    Log log;
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return log.push_back("a"), GW_CONTINUE; };
    b.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return log.push_back("b"), GW_CONTINUE; };
    const InterceptorChain chain = chain_of({&a, &other, &b});
    Message message(hello);
    CHECK(chain.run(*message.request) == GW_ST_PASSED);
    CHECK(log == Log{"a", "b"});
    CHECK(message.sink.log == Log{std::string("route ") + hello});
    CHECK(chain.wants(GW_KIND_MESSAGE));
    CHECK_FALSE(chain.wants(GW_KIND_PUBLISH));
}

TEST_CASE("a verdict ends the request: done, drop, an error, a value that is none") {
    struct Case {
        int32_t verdict;
        int32_t status;
        uint64_t errors;
        const char* said;
    };
    for (const Case& each : {Case{GW_DONE, GW_ST_ANSWERED, 0, ""}, Case{GW_DROP, GW_ST_DROPPED, 0, ""},
                             Case{GW_E_LIMIT, GW_E_FAIL, 1, "refuse plugin_error plugin a failed"},
                             Case{GW_PENDING, GW_E_VERDICT, 1, "refuse plugin_error plugin a failed"},
                             Case{77, GW_E_VERDICT, 1, "refuse plugin_error plugin a failed"}}) {
        CAPTURE(each.verdict);
        FakePlugin a("a");
        FakePlugin b("b");
        a.returns(each.verdict);
        b.intercept = [](void*, gw_ctx*, gw_req*, gw_next*) {
            FAIL_CHECK("the request has ended");
            return GW_CONTINUE;
        };
        Message message(hello);
        CHECK(chain_of({&a, &b}).run(*message.request) == each.status);
        CHECK(a.errors() == each.errors);
        CHECK(message.sink.log == (*each.said ? Log{each.said} : Log{}));
    }
}

TEST_CASE("on_error: open goes on with the next plugin") {
    for (const int32_t verdict : {GW_E_FAIL, GW_PENDING, INT32_C(12)}) {
        FakePlugin a("a");
        a.interceptor->fails_open = true;
        a.returns(verdict);
        FakePlugin b("b");
        int seen = 0;
        b.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return ++seen, GW_CONTINUE; };
        Message message(hello);
        CHECK(chain_of({&a, &b}).run(*message.request) == GW_ST_PASSED);
        CHECK(seen == 1);
        CHECK(a.errors() == 1);
    }
}

TEST_CASE("an exception that leaves a hook is an error of that plugin") {
    FakePlugin a("a", GW_KIND_MESSAGE, GW_EV_ERROR);
    a.intercept = [](void*, gw_ctx*, gw_req*, gw_next*) -> int32_t { throw std::runtime_error("mine"); };
    a.on_event = [](void*, const gw_event*) { throw 5; };
    Message message(hello);
    CHECK(chain_of({&a}).run(*message.request) == GW_E_FAIL);
    CHECK(a.errors() >= 2);  // the hook's, and the event's
    CHECK(message.sink.log.size() == 1);
    CHECK(current_interceptor() == nullptr);
}

TEST_CASE("next runs the rest, and done runs once before next returns, with what became of the request") {
    struct Case {
        int32_t inner;
        int32_t route;
        int32_t status;
    };
    for (const Case& each :
         {Case{GW_CONTINUE, GW_ST_PASSED, GW_ST_PASSED}, Case{GW_CONTINUE, GW_ST_ANSWERED, GW_ST_ANSWERED},
          Case{GW_DONE, GW_ST_PASSED, GW_ST_ANSWERED}, Case{GW_DROP, GW_ST_PASSED, GW_ST_DROPPED},
          Case{GW_E_ARG, GW_ST_PASSED, GW_E_FAIL}}) {
        CAPTURE(each.inner);
        FakePlugin outer("outer");
        FakePlugin inner("inner");
        Done done;
        outer.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
            const int32_t result = chain_next(next, Done::call, &done);
            CHECK(result == GW_DONE);
            CHECK(done.calls == 1);
            return result;
        };
        inner.returns(each.inner);
        Message message(hello);
        message.sink.route_result = each.route;
        CHECK(chain_of({&outer, &inner}).run(*message.request) == each.status);
        CHECK(done.status == each.status);
        CHECK(outer.misuse() == 0);
        CHECK(outer.errors() == 0);
    }
}

TEST_CASE("next without done runs the rest as well, and nests") {
    FakePlugin a("a");
    FakePlugin b("b");
    FakePlugin c("c");
    Log log;
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        log.push_back("a in");
        const int32_t result = chain_next(next, nullptr, nullptr);
        log.push_back("a out");
        return result;
    };
    b.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return log.push_back("b"), GW_CONTINUE; };
    c.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        log.push_back("c in");
        const int32_t result = chain_next(next, nullptr, nullptr);
        CHECK(current_interceptor() == c.interceptor.get());
        log.push_back("c out");
        return result;
    };
    Message message(hello);
    CHECK(chain_of({&a, &b, &c}).run(*message.request) == GW_ST_PASSED);
    CHECK(log == Log{"a in", "b", "c in", "c out", "a out"});
}

TEST_CASE("a second next does nothing and is counted; so is next in done") {
    FakePlugin a("a");
    Done done;
    gw_next* kept = nullptr;
    done.look = [&](gw_req*) { CHECK(chain_next(kept, Done::call, &done) == GW_E_STATE); };
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        kept = next;
        const int32_t result = chain_next(next, Done::call, &done);
        CHECK(chain_next(next, Done::call, &done) == GW_E_STATE);
        return result;
    };
    Message message(hello);
    CHECK(chain_of({&a}).run(*message.request) == GW_ST_PASSED);
    CHECK(done.calls == 1);
    CHECK(a.misuse() == 2);
    CHECK(message.sink.log.size() == 1);
    CHECK(chain_next(nullptr, nullptr, nullptr) == GW_E_STATE);
}

TEST_CASE("another verdict than next's is counted and ignored") {
    for (const int32_t verdict : {GW_CONTINUE, GW_DROP, GW_PENDING, GW_E_FAIL}) {
        FakePlugin a("a");
        FakePlugin b("b");
        int seen = 0;
        a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
            return chain_next(next, nullptr, nullptr), verdict;
        };
        b.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return ++seen, GW_CONTINUE; };
        Message message(hello);
        CHECK(chain_of({&a, &b}).run(*message.request) == GW_ST_PASSED);
        CHECK(seen == 1);
        CHECK(a.misuse() == 1);
        CHECK(message.sink.log.size() == 1);
    }
}

// The code behind next() could still change or answer a message that had gone out.
TEST_CASE("in done, and behind next, the request is read-only") {
    FakePlugin a("a");
    Done done;
    auto check_frozen = [](gw_req* req) {
        Request& request = *from_abi(req);
        std::string_view text;
        CHECK(request.field("to", &text) == GW_OK);
        CHECK(text == "u2");
        CHECK(request.set_field("content", "x") == GW_E_STATE);
        CHECK(request.set_json("content", "1") == GW_E_STATE);
        CHECK(request.replace_payload("{}") == GW_E_STATE);
        CHECK(request.answer("{}") == GW_E_STATE);
        CHECK(request.reject(0, "forbidden", "no") == GW_E_STATE);
        CHECK(request.set_destination({sizeof(gw_destination), GW_DEST_ALL, 0, 0, {nullptr, 0}}) ==
              GW_E_STATE);
    };
    done.look = check_frozen;
    a.intercept = [&](void*, gw_ctx*, gw_req* req, gw_next* next) {
        CHECK(from_abi(req)->set_field("content", "before") == GW_OK);
        const int32_t result = chain_next(next, Done::call, &done);
        check_frozen(req);
        return result;
    };
    Message message(hello);
    CHECK(chain_of({&a}).run(*message.request) == GW_ST_PASSED);
    CHECK(message.sink.log == Log{R"(route {"type":"text","to":"u2","content":"before"})"});
}

TEST_CASE("a request whose connection a hook closed ends there") {
    FakePlugin a("a");
    FakePlugin b("b");
    a.intercept = [](void*, gw_ctx* ctx, gw_req*, gw_next*) {
        return from_abi(ctx)->close(1000, ""), GW_CONTINUE;
    };
    b.intercept = [](void*, gw_ctx*, gw_req*, gw_next*) {
        FAIL_CHECK("the connection is closed");
        return GW_CONTINUE;
    };
    Message message(hello);
    CHECK(chain_of({&a, &b}).run(*message.request) == GW_E_CANCELLED);
    CHECK(message.sink.log.empty());
}

TEST_CASE("attach gives slots, may skip a connection or want less of it; detach goes backwards") {
    FakePlugin a("a", GW_KIND_MESSAGE | GW_KIND_DELIVERY, GW_EV_CONNECTED);
    FakePlugin b("b", GW_KIND_MESSAGE, GW_EV_CONNECTED);
    FakePlugin c("c", GW_KIND_MESSAGE, GW_EV_CONNECTED);
    FakePlugin plain("plain", GW_KIND_MESSAGE, GW_EV_CONNECTED);  // has no attach
    Log log;
    int slot_of_a = 1;
    int slot_of_c = 3;
    a.attach = [&](gw_ctx*, void** slot, uint32_t* kinds) {
        CHECK(*kinds == (GW_KIND_MESSAGE | GW_KIND_DELIVERY));
        *slot = &slot_of_a;
        *kinds = GW_KIND_DELIVERY | GW_KIND_FRAME;  // a kind that it did not want before is not given
        return GW_OK;
    };
    b.attach = [&](gw_ctx*, void** slot, uint32_t*) {
        *slot = &slot_of_c;
        return GW_SKIP;
    };
    c.attach = [&](gw_ctx*, void** slot, uint32_t*) {
        *slot = &slot_of_c;
        return GW_OK;
    };
    for (FakePlugin* plugin : {&a, &b, &c, &plain}) {
        const std::string name = plugin->interceptor->name;
        if (plugin != &plain) plugin->attaches();
        plugin->detach = [&, name](void*, gw_ctx*) { log.push_back("detach " + name); };
        plugin->on_event = [&, name](void* slot, const gw_event* event) {
            CHECK(event->type == GW_EV_CONNECTED);
            CHECK(slot == (name == "a" ? &slot_of_a : name == "c" ? &slot_of_c : nullptr));
            log.push_back("event " + name);
        };
        plugin->intercept = [&, name](void* slot, gw_ctx*, gw_req*, gw_next*) {
            CHECK(slot == (name == "c" ? &slot_of_c : nullptr));
            log.push_back("intercept " + name);
            return GW_CONTINUE;
        };
    }
    const InterceptorChain chain = chain_of({&a, &b, &c, &plain});
    Message message(hello);
    CHECK(chain.attached_kinds(message.context) == (GW_KIND_MESSAGE | GW_KIND_DELIVERY));
    CHECK(chain.attach(message.context));
    CHECK(chain.attached_kinds(message.context) == (GW_KIND_MESSAGE | GW_KIND_DELIVERY));
    chain.emit(GW_EV_CONNECTED, &message.context);
    chain.emit(GW_EV_DISCONNECTED, &message.context);  // nobody wants it
    CHECK(chain.run(*message.request) == GW_ST_PASSED);
    chain.detach(message.context);
    chain.detach(message.context);  // a second one finds nothing
    CHECK(log ==
          Log{"event a", "event c", "event plain", "intercept c", "intercept plain", "detach c", "detach a"});
}

TEST_CASE("an attach that fails stops there; only those before it are detached") {
    for (const int32_t result : {GW_E_FAIL, INT32_C(5)}) {
        FakePlugin a("a");
        FakePlugin b("b");
        FakePlugin c("c");
        Log log;
        for (FakePlugin* plugin : {&a, &b, &c}) {
            const std::string name = plugin->interceptor->name;
            plugin->attaches();
            plugin->attach = [&, name, result](gw_ctx*, void**, uint32_t*) {
                log.push_back("attach " + name);
                return name == "b" ? result : GW_OK;
            };
            plugin->detach = [&, name](void*, gw_ctx*) { log.push_back("detach " + name); };
        }
        const InterceptorChain chain = chain_of({&a, &b, &c});
        FakeContext context;
        CHECK_FALSE(chain.attach(context));
        chain.detach(context);
        CHECK(log == Log{"attach a", "attach b", "detach a"});
        CHECK(b.errors() == 1);
        CHECK(b.misuse() == (result > 0 ? 1 : 0));
    }
}

TEST_CASE("events show the message without letting it be changed") {
    FakePlugin a("a", 0, GW_EV_MESSAGE_RECEIVED);
    a.on_event = [](void*, const gw_event* event) {
        auto* request = from_abi(event->req);
        CHECK(request->payload() == hello);
        CHECK(request->set_field("content", "x") == GW_E_STATE);
    };
    Message message(hello);
    chain_of({&a}).emit(GW_EV_MESSAGE_RECEIVED, &message.context, message.request.get());
    CHECK_FALSE(message.request->frozen);
}

TEST_CASE("a plugin's own publish passes its hook over, and hops are counted inside publish hooks") {
    FakePlugin a("a", GW_KIND_PUBLISH);
    FakePlugin b("b", GW_KIND_PUBLISH);
    a.intercept = [](void*, gw_ctx*, gw_req*, gw_next*) {
        FAIL_CHECK("its own message");
        return GW_CONTINUE;
    };
    uint32_t hops = 0;
    b.intercept = [&](void* slot, gw_ctx* ctx, gw_req*, gw_next*) {
        CHECK(slot == nullptr);
        CHECK(ctx == nullptr);
        hops = current_publish_hops();
        return GW_CONTINUE;
    };
    Message message(hello, GW_KIND_PUBLISH);
    message.request->sender = a.interceptor->instance;
    message.request->hops = 3;
    CHECK(current_publish_hops() == 0);
    CHECK(chain_of({&a, &b}).run(*message.request) == GW_ST_PASSED);
    CHECK(hops == 4);
    CHECK(current_publish_hops() == 0);
    FakePlugin in_message("m");
    in_message.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) {
        return hops = current_publish_hops(), GW_CONTINUE;
    };
    Message other(hello);
    chain_of({&in_message}).run(*other.request);
    CHECK(hops == 0);
}

TEST_CASE("an attribute's text lasts as long as the hook that read it, inner hooks included") {
    FakePlugin outer("outer");
    FakePlugin inner("inner");
    outer.intercept = [](void*, gw_ctx* ctx, gw_req*, gw_next* next) {
        Attributes& attributes = from_abi(ctx)->attributes;
        attributes.set("name", "the first value, longer than a string holds in place");
        const std::string_view read = *attributes.get("name");
        const int32_t result = chain_next(next, nullptr, nullptr);
        CHECK(read == "the first value, longer than a string holds in place");
        CHECK(*attributes.get("name") == "second");
        return result;
    };
    inner.intercept = [](void*, gw_ctx* ctx, gw_req*, gw_next*) {
        from_abi(ctx)->attributes.set("name", "second");
        return GW_CONTINUE;
    };
    Message message(hello);
    CHECK(chain_of({&outer, &inner}).run(*message.request) == GW_ST_PASSED);
    CHECK_FALSE(message.context.attributes.has_replaced());
}

}  // namespace
}  // namespace gatewayd
