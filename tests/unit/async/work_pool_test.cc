#include "core/async/work_pool.h"

#include <doctest/doctest.h>

#include <future>
#include <random>
#include <stdexcept>

#include "tests/unit/async/parts.h"

namespace gatewayd {
namespace {

using testing::CallLog;
using testing::FakeConnection;
using testing::Owner;
using Lines = std::vector<std::string>;

// What a work's ud points to.
struct Kept {
    CallLog* log;
    std::string name;
    std::function<void()> body;
    std::atomic<int> ran{0};
    std::atomic<int> told{0};
    std::atomic<int32_t> status{1};
    std::atomic<bool> saw_connection{false};

    Kept(CallLog* its, std::string called, std::function<void()> work = nullptr)
        : log(its), name(std::move(called)), body(std::move(work)) {}
    static void run(void* ud) {
        auto* kept = static_cast<Kept*>(ud);
        ++kept->ran;
        kept->log->add("run " + kept->name);
        if (kept->body) kept->body();
    }
    static void done(void* ud, void*, gw_ctx* ctx, int32_t status) {
        auto* kept = static_cast<Kept*>(ud);
        kept->status = status;
        kept->saw_connection = ctx != nullptr;
        ++kept->told;
        kept->log->add("done " + kept->name + " " + std::to_string(status));
    }
};

struct Fixture {
    explicit Fixture(uint32_t threads = 0) {
        if (threads == 0) {
            pool.run_by_hand();
        } else {
            pool.set_threads(threads);
        }
    }
    ~Fixture() {
        for (Owner* each : {&owner, &other}) {
            each->open = false;
            pool.forget(each->instance);
        }
        tell();
        CHECK(owner.works == 0);
        CHECK(other.works == 0);
        CHECK(pool.numbers().waiting == 0);
    }
    int32_t start(Kept* kept, uint32_t home, const FakeConnection* on = nullptr, gw_token* token = nullptr,
                  Owner* of = nullptr) {
        gw_token ignored{0, 0};
        const gw_conn_id conn = on ? on->conn_id() : gw_conn_id{0, 0};
        return pool.start({of ? of : &owner, home, conn, Kept::run, Kept::done, kept},
                          token ? token : &ignored);
    }
    void tell() {
        pool.tell(pool.returns_of(0), [this](gw_conn_id conn) -> Context* {
            return conn.generation == 1 ? &alice : conn.generation == 2 ? &bob : nullptr;
        });
        pool.tell(pool.control_returns(), nullptr);
    }

    CallLog log;
    FakeConnection alice{1};
    FakeConnection bob{2};
    Owner owner{"owner"};
    Owner other{"other"};
    WorkPool pool;
};

TEST_CASE("a work runs, and comes back where it was told to") {
    Fixture f;
    Kept on_control(&f.log, "control");
    Kept on_alice(&f.log, "alice");
    Kept anywhere(&f.log, "anywhere");
    REQUIRE(f.start(&on_control, GW_WORK_ON_CONTROL) == GW_OK);
    REQUIRE(f.start(&on_alice, GW_WORK_ON_CONN, &f.alice) == GW_OK);
    REQUIRE(f.start(&anywhere, GW_WORK_ANYWHERE) == GW_OK);
    CHECK(f.pool.numbers().waiting == 3);
    while (f.pool.run_next()) {
    }
    CHECK(f.log.lines() == Lines{"run control", "run alice", "run anywhere", "done anywhere 0"});
    f.tell();
    CHECK(f.log.lines(6) == Lines{"run control", "run alice", "run anywhere", "done anywhere 0",
                                  "done alice 0", "done control 0"});
    CHECK(on_alice.saw_connection);
    CHECK_FALSE(on_control.saw_connection);
}

TEST_CASE("what waits for a connection that ends does not run, and is told while the connection is there") {
    Fixture f;
    Kept first(&f.log, "first");
    Kept second(&f.log, "second");
    Kept bobs(&f.log, "bob's");
    f.start(&first, GW_WORK_ON_CONN, &f.alice);
    f.start(&bobs, GW_WORK_ON_CONN, &f.bob);
    f.start(&second, GW_WORK_ON_CONN, &f.alice);
    f.alice.open = false;
    f.pool.end_connection(f.alice, nullptr);
    CHECK(f.log.lines() == Lines{"done first -6", "done second -6"});
    CHECK(first.saw_connection);
    f.pool.end_connection(f.alice, nullptr);
    CHECK(f.pool.run_next());
    CHECK_FALSE(f.pool.run_next());
    CHECK(f.log.lines().back() == "run bob's");
}

TEST_CASE("what runs while its connection goes is told so, without the connection") {
    Fixture f;
    Kept closing(&f.log, "closing");
    f.start(&closing, GW_WORK_ON_CONN, &f.alice);
    CHECK(f.pool.run_next());
    f.alice.open = false;
    f.pool.end_connection(f.alice, nullptr);
    CHECK(closing.told == 0);
    f.tell();
    CHECK(f.log.lines() == Lines{"run closing", "done closing 0"});
    CHECK_FALSE(closing.saw_connection);

    FakeConnection gone(9);
    Kept late(&f.log, "late");
    f.start(&late, GW_WORK_ON_CONN, &gone);
    CHECK(f.pool.run_next());
    f.tell();
    CHECK_FALSE(late.saw_connection);
    CHECK(late.status == GW_OK);
}

TEST_CASE("cancel() keeps what waits from running, once; the rest is stale") {
    Fixture f;
    Kept first(&f.log, "first");
    Kept second(&f.log, "second");
    Kept third(&f.log, "third");
    gw_token one{0, 0};
    gw_token two{0, 0};
    gw_token three{0, 0};
    f.start(&first, GW_WORK_ON_CONN, &f.alice, &one);
    f.start(&second, GW_WORK_ANYWHERE, nullptr, &two);
    f.start(&third, GW_WORK_ON_CONTROL, nullptr, &three);
    CHECK(f.pool.cancel(f.other.instance, two) == GW_E_STALE);
    CHECK(f.pool.cancel(f.owner.instance, {two.slot, two.generation + 100}) == GW_E_STALE);
    CHECK(f.pool.cancel(f.owner.instance, two) == GW_OK);
    CHECK(f.pool.cancel(f.owner.instance, two) == GW_E_STALE);
    CHECK(f.log.lines().empty());  // never inside cancel()
    CHECK(f.pool.run_next());
    CHECK(f.pool.cancel(f.owner.instance, one) == GW_E_STALE);
    CHECK(f.pool.cancel(f.owner.instance, three) == GW_OK);
    CHECK_FALSE(f.pool.run_next());
    f.tell();
    CHECK(f.log.lines(4) == Lines{"run first", "done first 0", "done second -6", "done third -6"});
}

TEST_CASE("instances take turns, each in its order") {
    Fixture f;
    std::vector<std::unique_ptr<Kept>> kept;
    const auto start = [&](const std::string& name, Owner* of) {
        kept.push_back(std::make_unique<Kept>(&f.log, name));
        REQUIRE(f.start(kept.back().get(), GW_WORK_ON_CONTROL, nullptr, nullptr, of) == GW_OK);
    };
    for (const char* name : {"a1", "a2", "a3", "a4"})
        start(name, &f.owner);
    for (const char* name : {"b1", "b2"})
        start(name, &f.other);
    while (f.pool.run_next()) {
    }
    CHECK(f.log.lines() == Lines{"run a1", "run b1", "run a2", "run b2", "run a3", "run a4"});
    f.tell();
}

TEST_CASE("an exception that leaves a work is counted, and told") {
    Fixture f;
    Kept bad(&f.log, "bad", [] { throw std::runtime_error("no"); });
    f.start(&bad, GW_WORK_ON_CONTROL);
    CHECK(f.pool.run_next());
    f.tell();
    CHECK(bad.status == GW_E_FAIL);
    CHECK(f.owner.plugin.errors() == 1);
}

TEST_CASE("limits: of an instance, of one that does not run, of a pool without threads") {
    Fixture f;
    Kept kept(&f.log, "a");
    f.owner.works = GW_WORK_MAX_PER_INSTANCE;
    CHECK(f.start(&kept, GW_WORK_ANYWHERE) == GW_E_LIMIT);
    CHECK(f.owner.works == GW_WORK_MAX_PER_INSTANCE);
    f.owner.works = 0;
    f.owner.open = false;
    CHECK(f.start(&kept, GW_WORK_ANYWHERE) == GW_E_STATE);
    f.owner.open = true;
    const FakeConnection nowhere(1, max_reactors);
    CHECK(f.start(&kept, GW_WORK_ON_CONN, &nowhere) == GW_E_STALE);
    CHECK_FALSE(f.pool.run_next());

    WorkPool none;
    gw_token token{0, 0};
    CHECK(none.start({&f.owner, GW_WORK_ANYWHERE, {0, 0}, Kept::run, Kept::done, &kept}, &token) ==
          GW_E_STATE);
}

TEST_CASE("threads are made when there is work for them, and no more than wanted") {
    Fixture f(2);
    CHECK(f.pool.numbers().threads == 0);
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
    const auto waits = [gone] { gone.wait(); };
    Kept first(&f.log, "1", waits);
    Kept second(&f.log, "2", waits);
    Kept third(&f.log, "3");
    f.start(&first, GW_WORK_ANYWHERE);
    CHECK(f.pool.numbers().threads == 1);
    f.start(&second, GW_WORK_ANYWHERE);
    f.start(&third, GW_WORK_ANYWHERE);
    CHECK(f.pool.numbers().threads == 2);
    f.log.lines(2);
    CHECK(third.ran == 0);
    go.set_value();
    f.log.lines(6);
    CHECK(third.ran == 1);
}

TEST_CASE("forget() waits for what runs, and returns what waits") {
    Fixture f(1);
    std::promise<void> go;
    std::promise<void> begun;
    Kept runs(&f.log, "runs", [&] {
        begun.set_value();
        go.get_future().wait();
    });
    Kept waits(&f.log, "waits");
    Kept others(&f.log, "others");
    f.start(&runs, GW_WORK_ON_CONTROL);
    f.start(&waits, GW_WORK_ANYWHERE);
    f.start(&others, GW_WORK_ANYWHERE, nullptr, nullptr, &f.other);
    begun.get_future().wait();
    f.owner.open = false;
    std::thread control([&] { f.pool.forget(f.owner.instance); });
    while (f.pool.numbers().waiting > 1)
        std::this_thread::yield();
    CHECK(runs.told == 0);
    go.set_value();
    control.join();
    f.tell();
    CHECK(runs.status == GW_OK);
    CHECK(waits.status == GW_E_CANCELLED);
    CHECK(waits.ran == 0);
    CHECK(f.owner.works == 0);
    f.log.lines(5);
    CHECK(others.told == 1);
}

TEST_CASE("thousands of works by many threads, connections that end meanwhile: each is told once") {
    Fixture f(3);
    constexpr size_t count = 6000;
    std::vector<std::unique_ptr<Kept>> kept;
    for (size_t i = 0; i < count; ++i)
        kept.push_back(std::make_unique<Kept>(&f.log, "x"));
    std::mutex mutex;
    std::condition_variable woken;
    bool wake = false;
    for (WorkReturns* returns : {&f.pool.returns_of(0), &f.pool.control_returns()}) {
        returns->set_wake([&] {
            const std::lock_guard lock(mutex);
            wake = true;
            woken.notify_one();
        });
    }
    std::atomic<size_t> refused{0};
    std::vector<std::thread> starters;
    for (unsigned t = 0; t < 2; ++t) {
        starters.emplace_back([&, t] {
            std::mt19937 random(t);
            for (size_t i = t; i < count; i += 2) {
                gw_token token{0, 0};
                const uint32_t home = random() % 3;
                const FakeConnection* on = home == GW_WORK_ON_CONN ? &f.bob : nullptr;
                if (f.start(kept[i].get(), home, on, &token, random() % 2 ? &f.owner : &f.other) != GW_OK) {
                    ++refused;
                    ++kept[i]->told;
                } else if (random() % 8 == 0) {
                    f.pool.cancel(f.owner.instance, token);
                }
            }
        });
    }
    const auto all_told = [&] {
        return std::all_of(kept.begin(), kept.end(), [](const auto& one) { return one->told > 0; });
    };
    while (!all_told()) {
        {
            std::unique_lock lock(mutex);
            woken.wait_for(lock, std::chrono::milliseconds(5), [&] { return wake; });
            wake = false;
        }
        f.pool.end_connection(f.bob, nullptr);
        f.tell();
    }
    for (std::thread& thread : starters)
        thread.join();
    for (const auto& one : kept)
        CHECK(one->told == 1);
    CHECK(refused == 0);
    for (WorkReturns* returns : {&f.pool.returns_of(0), &f.pool.control_returns()})
        returns->set_wake(nullptr);
}

}  // namespace
}  // namespace gatewayd
