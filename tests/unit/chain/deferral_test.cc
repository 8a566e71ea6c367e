// The rules of the plugin ABI for what is put aside, one by one, with their numbers
// (docs/adr/0010-deferral.md).
#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "tests/unit/chain/aside.h"

namespace gatewayd {
namespace {

using testing::Aside;
using testing::chain_of;
using testing::Deferrer;
using testing::FakePlugin;
using testing::hello;
using testing::Message;
using testing::Outer;
using Log = std::vector<std::string>;

TEST_CASE("rule 1: one next or one defer a hook call; a second of either is GW_E_STATE") {
    Log log;
    Deferrer a("a", &log);
    gw_token other{7, 7};
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        CHECK(chain_defer(next, 1000, &a, nullptr) == GW_E_ARG);
        const int32_t verdict = a.put_aside(next);
        CHECK(chain_defer(next, 1000, &a, &other) == GW_E_STATE);
        CHECK(chain_next(next, nullptr, nullptr) == GW_E_STATE);
        return verdict;
    };
    FakePlugin b("b");
    b.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        const int32_t verdict = chain_next(next, nullptr, nullptr);
        CHECK(chain_defer(next, 1000, nullptr, &other) == GW_E_STATE);
        return verdict;
    };
    const InterceptorChain chain = chain_of({&a, &b});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    CHECK(other.generation == 7);
    CHECK(a.misuse() == 2);
    CHECK(a.resume(aside) == GW_OK);
    aside.go_on();
    CHECK(b.misuse() == 1);
    CHECK(aside.log() == Log{std::string("route ") + hello, "ended 0"});
}

TEST_CASE("rule 2: done of a next that returned GW_PENDING runs once, when the request has ended") {
    struct Case {
        int32_t verdict;
        int32_t route;
        int32_t status;
    };
    for (const Case& each :
         {Case{GW_CONTINUE, GW_ST_PASSED, GW_ST_PASSED}, Case{GW_CONTINUE, GW_ST_ANSWERED, GW_ST_ANSWERED},
          Case{GW_DONE, GW_ST_PASSED, GW_ST_ANSWERED}, Case{GW_DROP, GW_ST_PASSED, GW_ST_DROPPED},
          Case{GW_E_LIMIT, GW_ST_PASSED, GW_E_FAIL}}) {
        CAPTURE(each.verdict);
        Log log;
        Outer a("a", &log);
        Outer b("b", &log);
        Deferrer c("c", &log);
        const InterceptorChain chain = chain_of({&a, &b, &c});
        Aside aside;
        aside.message->sink.route_result = each.route;
        CHECK(aside.run(chain) == status_pending);
        CHECK(a.inner == GW_PENDING);
        CHECK(b.inner == GW_PENDING);
        CHECK(log.empty());
        c.then = each.verdict;
        CHECK(c.resume(aside) == GW_OK);
        CHECK(log.empty());
        aside.go_on();
        const std::string status = std::to_string(each.status);
        CHECK(log == Log{"resume c", "done b " + status, "done a " + status});
        CHECK(aside.log().back() == "ended " + status);
        CHECK(a.misuse() + b.misuse() + c.misuse() == 0);
    }
}

TEST_CASE("rule 2: another verdict than next's GW_PENDING is counted and ignored; a throw changes nothing") {
    for (const int32_t verdict : {GW_CONTINUE, GW_DONE, GW_DROP, GW_E_FAIL, INT32_C(99)}) {
        Log log;
        Outer a("a", &log);
        a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
            CHECK(chain_next(next, Outer::done, &a) == GW_PENDING);
            if (verdict == 99) throw std::runtime_error("mine");
            return verdict;
        };
        Deferrer b("b", &log);
        const InterceptorChain chain = chain_of({&a, &b});
        Aside aside;
        CHECK(aside.run(chain) == status_pending);
        CHECK(a.misuse() == (verdict == 99 ? 0 : 1));
        CHECK(a.errors() == (verdict == 99 ? 1 : 0));
        CHECK(b.resume(aside) == GW_OK);
        aside.go_on();
        CHECK(log == Log{"resume b", "done a 0"});
        CHECK(aside.log().size() == 2);
    }
}

TEST_CASE("rule 3: while a request is put aside, the plugins around it may look, not change") {
    Log log;
    Outer a("a", &log);
    a.intercept = [&](void*, gw_ctx*, gw_req* req, gw_next* next) {
        CHECK(from_abi(req)->set_field("content", "before") == GW_OK);
        const int32_t verdict = chain_next(next, Outer::done, &a);
        CHECK(from_abi(req)->set_field("content", "behind") == GW_E_STATE);
        std::string_view content;
        CHECK(from_abi(req)->field("content", &content) == GW_OK);
        CHECK(content == "before");
        return verdict;
    };
    Deferrer b("b", &log);
    b.on_resume = [&](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
        CHECK(from_abi(req)->set_field("content", "resumed") == GW_OK);
        return GW_CONTINUE;
    };
    const InterceptorChain chain = chain_of({&a, &b});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    CHECK(b.resume(aside) == GW_OK);
    aside.go_on();  // Outer::done looks, too
    CHECK(aside.log() == Log{R"(route {"type":"text","to":"u2","content":"resumed"})", "ended 0"});
}

TEST_CASE("rule 4: late, double and others' use of a token is GW_E_STALE and touches nothing") {
    Log log;
    Deferrer a("a", &log);
    FakePlugin other("other");
    const InterceptorChain chain = chain_of({&a});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    CHECK(aside.table.resume(other.interceptor->instance, a.token) == GW_E_STALE);
    CHECK(a.resume(aside) == GW_OK);
    CHECK(a.resume(aside) == GW_E_STALE);
    aside.go_on();
    aside.heap.reset();
    CHECK(a.resume(aside) == GW_E_STALE);
    aside.go_on();
    CHECK(log == Log{"resume a"});
    CHECK(aside.log().size() == 2);
}

TEST_CASE("rule 4: resume may come before the deferring hook has returned") {
    Log log;
    Deferrer a("a", &log);
    Aside aside;
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        const int32_t verdict = a.put_aside(next);
        CHECK(a.resume(aside) == GW_OK);
        CHECK(log.empty());
        return verdict;
    };
    const InterceptorChain chain = chain_of({&a});
    CHECK(aside.run(chain) == status_pending);
    aside.go_on();
    CHECK(log == Log{"resume a"});
    CHECK(aside.log().back() == "ended 0");
}

TEST_CASE("rule 5: a disconnect cancels: on_cancel, then done of the outer ones, innermost first") {
    for (const int32_t why : {GW_WHY_DISCONNECT, GW_WHY_DRAIN}) {
        for (const bool claimed : {false, true}) {
            Log log;
            Outer a("a", &log);
            Outer b("b", &log);
            Deferrer c("c", &log);
            c.interceptor->fails_open = true;
            const InterceptorChain chain = chain_of({&a, &b, &c});
            Aside aside;
            CHECK(aside.run(chain) == status_pending);
            if (claimed) CHECK(c.resume(aside) == GW_OK);  // and the connection ends before its turn
            aside.disconnect(why);
            aside.go_on();
            aside.tick(100);
            CHECK(log == Log{"cancel c " + std::to_string(why), "done b -6", "done a -6"});
            CHECK(aside.log().empty());
            CHECK(c.resume(aside) == GW_E_STALE);
            CHECK(c.errors() == 0);
        }
    }
}

TEST_CASE("rule 5: a deadline cancels and counts as the plugin's error; on_error decides") {
    for (const bool open : {false, true}) {
        Log log;
        Outer a("a", &log);
        Deferrer b("b", &log, 250);
        FakePlugin c("c");
        c.intercept = [&](void*, gw_ctx*, gw_req* req, gw_next*) {
            CHECK(from_abi(req)->set_field("content", "c") == GW_OK);
            return log.push_back("c"), GW_CONTINUE;
        };
        b.interceptor->fails_open = open;
        const InterceptorChain chain = chain_of({&a, &b, &c});
        Aside aside;
        CHECK(aside.run(chain) == status_pending);
        aside.tick(3);
        CHECK(log.empty());  // never early
        aside.tick();
        CHECK(b.errors() == 1);
        CHECK(b.resume(aside) == GW_E_STALE);
        if (open) {
            CHECK(log == Log{"cancel b 2", "c", "done a 0"});
            CHECK(aside.log() == Log{R"(route {"type":"text","to":"u2","content":"c"})", "ended 0"});
        } else {
            CHECK(log == Log{"cancel b 2", "done a -5"});
            CHECK(aside.log() == Log{"refuse plugin_error plugin b failed", "ended -5"});
        }
    }
}

TEST_CASE("rule 6: another verdict than GW_PENDING withdraws the token, and nothing is cancelled") {
    struct Case {
        int32_t verdict;
        int32_t status;
        uint64_t errors;
    };
    for (const Case& each :
         {Case{GW_CONTINUE, GW_ST_PASSED, 0}, Case{GW_DONE, GW_ST_ANSWERED, 0},
          Case{GW_DROP, GW_ST_DROPPED, 0}, Case{GW_E_FAIL, GW_E_FAIL, 1}, Case{INT32_C(99), GW_E_FAIL, 1}}) {
        for (const bool claimed : {false, true}) {
            Log log;
            Deferrer a("a", &log);
            Aside aside;
            a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
                a.put_aside(next);
                if (claimed) CHECK(a.resume(aside) == GW_OK);
                if (each.verdict == 99) throw std::runtime_error("mine");
                return each.verdict;
            };
            const InterceptorChain chain = chain_of({&a});
            CHECK(aside.run(chain) == each.status);
            CHECK(a.errors() == each.errors);
            CHECK(a.resume(aside) == GW_E_STALE);
            aside.message->request.reset();
            aside.go_on();
            aside.tick(100);
            CHECK(log.empty());
            CHECK(aside.table.size() == 0);
        }
    }
}

TEST_CASE("rule 6: on_resume may do what intercept may: next, a new defer, an answer; in any depth") {
    Log log;
    Outer a("a", &log);
    Deferrer b("b", &log);
    Outer c("c", &log);
    Deferrer d("d", &log);
    int resumes = 0;
    b.on_resume = [&](void*, gw_ctx*, gw_req*, gw_next* next, void*) -> int32_t {
        log.push_back("resume b");
        if (++resumes < 3) return b.put_aside(next);
        return chain_next(
            next,
            [](void* ud, gw_ctx*, gw_req*, int32_t status) {
                static_cast<Log*>(ud)->push_back("done b " + std::to_string(status));
            },
            &log);
    };
    const InterceptorChain chain = chain_of({&a, &b, &c, &d});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    for (int i = 0; i < 3; ++i) {
        const gw_token before = b.token;
        CHECK(b.resume(aside) == GW_OK);
        aside.go_on();
        if (i < 2) CHECK(aside.table.resume(b.interceptor->instance, before) == GW_E_STALE);
        CHECK(aside.log().empty());
    }
    CHECK(c.inner == GW_PENDING);
    CHECK(log == Log{"resume b", "resume b", "resume b"});
    SUBCASE("to its end") {
        CHECK(d.resume(aside) == GW_OK);
        aside.go_on();
        CHECK(log == Log{"resume b", "resume b", "resume b", "resume d", "done c 0", "done b 0", "done a 0"});
        CHECK(aside.log().back() == "ended 0");
    }
    SUBCASE("to a disconnect") {
        aside.disconnect();
        CHECK(log ==
              Log{"resume b", "resume b", "resume b", "cancel d 1", "done c -6", "done b -6", "done a -6"});
        CHECK(aside.log().empty());
    }
    SUBCASE("to a deadline") {
        aside.tick(11);
        CHECK(log ==
              Log{"resume b", "resume b", "resume b", "cancel d 2", "done c -5", "done b -5", "done a -5"});
        CHECK(aside.log().back() == "ended -5");
    }
    CHECK(b.misuse() == 0);
}

TEST_CASE("rule 6: every deferral has a deadline, at most what its kind allows") {
    struct Case {
        uint32_t timeout;
        uint32_t max_ticks;
        int due;
    };
    for (const Case& each : {Case{0, 300, 300}, Case{UINT32_MAX, 300, 300}, Case{1, 300, 2}, Case{1000, 4, 4},
                             Case{1000, 0, 1}, Case{29'900, 300, 300}}) {
        CAPTURE(each.timeout);
        Log log;
        Deferrer a("a", &log, each.timeout);
        const InterceptorChain chain = chain_of({&a});
        Aside aside;
        aside.message->sink.max_ticks = each.max_ticks;
        CHECK(aside.run(chain) == status_pending);
        aside.tick(each.due - 1);
        CHECK(log.empty());
        aside.tick();
        CHECK(log.size() == 1);
    }
}

TEST_CASE("rule 6: GW_PENDING without defer or next is an error, in on_resume as well") {
    Log log;
    Deferrer a("a", &log);
    a.then = GW_PENDING;
    const InterceptorChain chain = chain_of({&a});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    CHECK(a.resume(aside) == GW_OK);
    aside.go_on();
    CHECK(a.errors() == 1);
    CHECK(aside.log() == Log{"refuse plugin_error plugin a failed", "ended -7"});
}

TEST_CASE("a plugin without on_resume and on_cancel cannot defer") {
    for (const bool resumes : {false, true}) {
        FakePlugin a("a");
        a.defers();
        if (resumes) a.interceptor->table.on_cancel = nullptr;
        if (!resumes) a.interceptor->table.on_resume = nullptr;
        a.intercept = [](void*, gw_ctx*, gw_req*, gw_next* next) {
            gw_token token{0, 0};
            CHECK(chain_defer(next, 1000, nullptr, &token) == GW_E_STATE);
            return GW_CONTINUE;
        };
        const InterceptorChain chain = chain_of({&a});
        Aside aside;
        CHECK(aside.run(chain) == GW_ST_PASSED);
        CHECK(a.misuse() == 1);
    }
}

TEST_CASE("what cannot wait refuses to be put aside") {
    Log log;
    Deferrer a("a", &log);
    a.interceptor->kinds = GW_KIND_PUBLISH;
    a.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        CHECK(chain_defer(next, 1000, &a, &a.token) == GW_E_STATE);
        return GW_CONTINUE;
    };
    Message message(hello, GW_KIND_PUBLISH);
    CHECK(chain_of({&a}).run(*message.request) == GW_ST_PASSED);
    CHECK(message.sink.log.size() == 1);
    CHECK(chain_defer(nullptr, 1000, nullptr, &a.token) == GW_E_STATE);
}

TEST_CASE("rule 7: the host keeps a copy: what plugins changed, where it goes, its stamps") {
    for (const bool changed : {false, true}) {
        Log log;
        Deferrer b("b", &log);
        b.intercept = [&](void*, gw_ctx*, gw_req* req, gw_next* next) {
            Request& request = *from_abi(req);
            if (changed) {
                CHECK(request.set_field("content", "changed") == GW_OK);
                CHECK(request.set_destination({sizeof(gw_destination), GW_DEST_TOPIC, 0, 0, GW_STR("t")}) ==
                      GW_OK);
            }
            return b.put_aside(next);
        };
        b.on_resume = [&](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
            Request& request = *from_abi(req);
            std::string_view text;
            for (const char* name : {"type", "from", "msg_id", "create_at", "id", "to"}) {
                CHECK(request.field(name, &text) >= GW_OK);
                log.push_back(std::string(text));
            }
            gw_destination to{};
            CHECK(request.get_destination(&to) == GW_OK);
            CHECK(to.kind == (changed ? GW_DEST_TOPIC : GW_DEST_USER));
            CHECK(from_abi(to.id) == (changed ? "t" : "zo\xC3\xAB"));
            CHECK(static_cast<MessageRequest&>(request).redirected() == changed);
            return GW_CONTINUE;
        };
        const InterceptorChain chain = chain_of({&b});
        // Forged stamps, and a field with an escape: the first body is no view of the message.
        Aside aside(R"( {"type":"te\u0078t","from":"me","to":"zo\u00eb","id":12} )");
        CHECK(aside.run(chain) == status_pending);
        CHECK(b.resume(aside) == GW_OK);
        aside.go_on();
        CHECK(log == Log{"text", "u1", "01ID", "2026-01-01T00:00:00.000Z", "12", "zo\xC3\xAB"});
        CHECK(aside.log().front() == std::string(R"(route {"type":"te\u0078t","to":"zo\u00eb","id":12)") +
                                         (changed ? R"(,"content":"changed"})" : "}"));
    }
}

TEST_CASE("rule 8: after a hook that closed the connection the request ends there") {
    Log log;
    Outer a("a", &log);
    Deferrer b("b", &log);
    FakePlugin c("c");
    c.intercept = [](void*, gw_ctx*, gw_req*, gw_next*) {
        FAIL_CHECK("the connection is closed");
        return GW_CONTINUE;
    };
    b.on_resume = [&](void*, gw_ctx* ctx, gw_req*, gw_next*, void*) {
        return from_abi(ctx)->close(1000, ""), GW_CONTINUE;
    };
    const InterceptorChain chain = chain_of({&a, &b, &c});
    Aside aside;
    CHECK(aside.run(chain) == status_pending);
    CHECK(b.resume(aside) == GW_OK);
    aside.go_on();
    CHECK(log == Log{"done a -6"});
    CHECK(aside.log() == Log{"ended -6"});
}

TEST_CASE("rule 8: hooks of a deferral get the slot of their connection") {
    Log log;
    int slot_of_a = 5;
    Deferrer a("a", &log);
    a.attaches();
    a.attach = [&](gw_ctx*, void** slot, uint32_t*) { return *slot = &slot_of_a, GW_OK; };
    a.detach = [](void*, gw_ctx*) {};
    int seen = 0;
    a.on_resume = [&](void* slot, gw_ctx* ctx, gw_req*, gw_next* next, void*) {
        CHECK(slot == &slot_of_a);
        CHECK(from_abi(ctx)->conn_id().generation == 2);
        ++seen;
        return a.put_aside(next);
    };
    a.on_cancel = [&](void* slot, gw_ctx* ctx, const gw_req* req, void*, int32_t) {
        CHECK(slot == &slot_of_a);
        CHECK(from_abi(ctx)->conn_id().generation == 2);
        CHECK(from_abi(req)->payload() == hello);
        CHECK(from_abi(req)->set_field("content", "x") == GW_E_STATE);
        ++seen;
    };
    const InterceptorChain chain = chain_of({&a});
    Aside aside;
    REQUIRE(chain.attach(aside.message->context));
    CHECK(aside.run(chain) == status_pending);
    CHECK(a.resume(aside) == GW_OK);
    aside.go_on();
    aside.disconnect();
    CHECK(seen == 2);
    chain.detach(aside.message->context);
}

}  // namespace
}  // namespace gatewayd
