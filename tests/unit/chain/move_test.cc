// From one chain to the next: connections between their requests, and requests that are still put aside when
// the earlier chain's time is over.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/chain/chain.h"
#include "tests/unit/chain/aside.h"

namespace gatewayd {
namespace {

using testing::Aside;
using testing::Deferrer;
using testing::FakeContext;
using testing::FakePlugin;
using testing::Message;
using testing::Outer;
using testing::shared_chain;
using Log = std::vector<std::string>;

// Attaches, and says so; its slot is itself.
struct Attacher : FakePlugin {
    Attacher(const std::string& name, Log* log, int32_t result = GW_OK) : FakePlugin(name) {
        attaches();
        attach = [this, log, name, result](gw_ctx*, void** slot, uint32_t*) {
            log->push_back("attach " + name);
            *slot = this;
            return result;
        };
        detach = [this, log, name](void* slot, gw_ctx*) {
            CHECK(slot == this);
            log->push_back("detach " + name);
        };
        intercept = [this, log, name](void* slot, gw_ctx*, gw_req*, gw_next*) {
            CHECK(slot == this);
            log->push_back("see " + name);
            return GW_CONTINUE;
        };
    }
};

TEST_CASE(
    "a connection that moves: those that leave detach backwards, those that come attach, the rest stays") {
    Log log;
    Attacher a("a", &log), b1("b1", &log), c1("c1", &log), b2("b2", &log), d("d", &log), z("z", &log);
    FakePlugin plain("plain");
    plain.returns(GW_CONTINUE);
    const auto first = shared_chain({&a, &plain, &b1, &c1, &z});
    const auto second = shared_chain({&z, &a, &b2, &plain, &d});
    Message message(testing::hello);
    REQUIRE(first->attach(message.context));
    log.clear();
    CHECK(second->take_over(message.context, *first));
    CHECK(log == Log{"detach c1", "detach b1", "attach b2", "attach d"});
    log.clear();
    CHECK(second->run(*message.request) == GW_ST_PASSED);
    CHECK(log == Log{"see z", "see a", "see b2", "see d"});
    log.clear();
    second->detach(message.context);
    CHECK(log == Log{"detach d", "detach b2", "detach a", "detach z"});
}

TEST_CASE("a connection that moves between chains with and without slots") {
    Log log;
    FakePlugin plain("plain");
    plain.returns(GW_CONTINUE);
    Attacher a("a", &log);
    const auto without = shared_chain({&plain});
    const auto with = shared_chain({&plain, &a});
    Message message(testing::hello);
    REQUIRE(without->attach(message.context));
    CHECK(with->take_over(message.context, *without));
    CHECK(with->attached_kinds(message.context) == GW_KIND_MESSAGE);
    CHECK(without->take_over(message.context, *with));
    CHECK(log == Log{"attach a", "detach a"});
    CHECK(without->run(*message.request) == GW_ST_PASSED);
}

TEST_CASE("what skipped a connection keeps skipping it; what fails to attach leaves the others attached") {
    Log log;
    Attacher skips("skips", &log, GW_SKIP), stays("stays", &log), fails("fails", &log, GW_E_FAIL),
        last("last", &log);
    const auto first = shared_chain({&skips, &stays});
    const auto second = shared_chain({&fails, &last, &skips, &stays});
    Message message(testing::hello);
    REQUIRE(first->attach(message.context));
    log.clear();
    CHECK_FALSE(second->take_over(message.context, *first));
    CHECK(log == Log{"attach fails"});
    CHECK(fails.errors() == 1);
    log.clear();
    CHECK(second->run(*message.request) == GW_ST_PASSED);
    second->detach(message.context);
    CHECK(log == Log{"see stays", "detach stays"});
}

TEST_CASE("a stand-in wants on each connection what the plugin wanted there, and on_error answers") {
    Log log;
    Attacher wanted("p", &log);
    FakePlugin stand_in("p");
    stand_in.interceptor->lineage = wanted.interceptor->lineage;
    stand_in.interceptor->stands_in = true;
    stand_in.returns(GW_E_FAIL);
    const auto chain = shared_chain({&wanted});
    const auto interim = shared_chain({&stand_in});
    Message message(testing::hello);
    Message other(testing::hello);
    REQUIRE(chain->attach(message.context));
    wanted.attach = [](gw_ctx*, void**, uint32_t*) { return GW_SKIP; };
    REQUIRE(chain->attach(other.context));
    CHECK(interim->take_over(message.context, *chain));
    CHECK(interim->take_over(other.context, *chain));
    CHECK(interim->run(*message.request) == GW_E_FAIL);
    CHECK(interim->run(*other.request) == GW_ST_PASSED);
    // And back: the plugin attaches anew.
    CHECK(chain->take_over(other.context, *interim));
}

TEST_CASE("a chain lives as long as something is put aside in it") {
    Log log;
    Deferrer gate("gate", &log);
    Aside aside;
    auto chain = shared_chain({&gate});
    const std::weak_ptr<const InterceptorChain> watch = chain;
    CHECK(aside.run(*chain) == status_pending);
    chain.reset();
    CHECK_FALSE(watch.expired());
    CHECK(gate.resume(aside) == GW_OK);
    aside.go_on();
    CHECK(aside.log() == Log{"route {\"type\":\"text\",\"to\":\"u2\"}", "ended 0"});
    aside.heap.reset();
    CHECK(watch.expired());
}

TEST_CASE("a request that is taken over goes on at the plugin that held it, in its next generation") {
    Log log;
    Outer before("before", &log), leaves("leaves", &log);
    Deferrer gate1("gate", &log);
    FakePlugin gate2("gate"), after("after"), leaves2("leaves");
    gate2.interceptor->lineage = gate1.interceptor->lineage;
    leaves2.interceptor->lineage = leaves.interceptor->lineage;
    gate2.intercept = [&](void*, gw_ctx*, gw_req* req, gw_next*) {
        log.push_back("see gate 2");
        CHECK(from_abi(req)->set_field("content", "changed") == GW_OK);
        return GW_CONTINUE;
    };
    after.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) {
        return log.push_back("see after"), GW_CONTINUE;
    };
    leaves2.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) {
        return log.push_back("twice"), GW_CONTINUE;
    };
    const auto first = shared_chain({&before, &leaves, &gate1, &after});
    // In another order, too: nobody sees it twice, and nobody is left out.
    const auto second = shared_chain({&after, &before, &leaves2, &gate2});
    Aside aside;
    CHECK(aside.run(*first) == status_pending);
    const gw_token token = gate1.token;
    second->take_over(*aside.heap, [&] { log.push_back("move"); });
    CHECK(log == Log{"cancel gate 3", "done leaves -6", "move", "see after", "see gate 2", "done before 0"});
    CHECK(aside.log() == Log{R"(route {"type":"text","to":"u2","content":"changed"})", "ended 0"});
    CHECK(aside.table.resume(gate1.interceptor->instance, token) == GW_E_STALE);
    CHECK(gate1.errors() == 1);
}

TEST_CASE("a request that is taken over may be put aside again, and again taken over") {
    Log log;
    Outer outer("outer", &log);
    Deferrer gate1("gate", &log), gate2("gate", &log), gate3("gate", &log), last("last", &log);
    gate2.interceptor->lineage = gate3.interceptor->lineage = gate1.interceptor->lineage;
    const auto first = shared_chain({&outer, &gate1});
    const auto second = shared_chain({&outer, &gate2, &last});
    const auto third = shared_chain({&outer, &gate3, &last});
    Aside aside;
    CHECK(aside.run(*first) == status_pending);
    second->take_over(*aside.heap, [] {});
    CHECK(aside.heap->deferral->chain == second.get());
    CHECK(gate2.resume(aside) == GW_OK);
    aside.go_on();  // to `last`, which puts it aside
    CHECK(last.token.generation != 0);
    third->take_over(*aside.heap, [] {});
    // It has seen gate 2, so gate 3 does not see it.
    CHECK(gate3.token.generation == 0);
    CHECK(last.resume(aside) == GW_OK);
    aside.go_on();
    CHECK(log == Log{"cancel gate 3", "resume gate", "cancel last 3", "resume last", "done outer 0"});
    CHECK(aside.log().back() == "ended 0");
}

TEST_CASE("a request whose token was claimed just before is taken over all the same, and ends once") {
    Log log;
    Deferrer gate1("gate", &log);
    FakePlugin gate2("gate");
    gate2.interceptor->lineage = gate1.interceptor->lineage;
    gate2.returns(GW_DROP);
    const auto first = shared_chain({&gate1});
    const auto second = shared_chain({&gate2});
    Aside aside;
    CHECK(aside.run(*first) == status_pending);
    CHECK(gate1.resume(aside) == GW_OK);
    second->take_over(*aside.heap, [] {});
    aside.go_on();
    CHECK(log == Log{"cancel gate 3"});
    CHECK(aside.log() == Log{"ended 2"});
}

TEST_CASE("a request whose connection a hook closed on the way is not shown to the next chain") {
    Log log;
    Deferrer gate("gate", &log);
    FakePlugin next("next");
    next.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return log.push_back("seen"), GW_CONTINUE; };
    const auto first = shared_chain({&gate});
    const auto second = shared_chain({&next});
    Aside aside;
    CHECK(aside.run(*first) == status_pending);
    second->take_over(*aside.heap, [&] { aside.message->context.open = false; });
    CHECK(log == Log{"cancel gate 3"});
    CHECK(aside.log() == Log{"ended " + std::to_string(GW_E_CANCELLED)});
}

}  // namespace
}  // namespace gatewayd
