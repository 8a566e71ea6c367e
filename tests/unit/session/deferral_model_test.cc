// Deferral at random: many connections, tokens resumed by several threads (also twice, late, or never),
// deadlines, clients that go in the middle. Whatever happens: each deferral ends once, each done runs once,
// and each client is answered in the order in which it asked.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/chain/deferrals.h"
#include "tests/unit/session/running.h"

namespace gatewayd {
namespace {

using testing::FakePlugin;
using testing::Running;
using testing::TestClient;

// What each step of a message's way is told by its content, "<number> <moves>": a letter for each time that
// the deferring hook is asked.
//   r  put aside, resumed by a thread       R  the same, twice
//   i  put aside, resumed inside the hook   n  put aside, never resumed: its deadline ends it
//   w  put aside and withdrawn              c  no more: continue
class Moves {
   public:
    explicit Moves(unsigned seed) : random_(seed) {}
    std::string next() {
        std::string moves;
        const size_t count = random_() % 4;
        for (size_t i = 0; i < count; ++i)
            moves += "rRrirw"[random_() % 6];
        return moves + (random_() % 24 == 0 ? "n" : "c");
    }
    bool one_in(unsigned n) { return random_() % n == 0; }

   private:
    std::mt19937 random_;
};

// Resumes from three threads what a reactor's hooks hand over.
class Resumers {
   public:
    explicit Resumers(Running* running, const void* instance) : running_(running), instance_(instance) {
        for (int i = 0; i < 3; ++i)
            threads_.emplace_back([this] { run(); });
    }
    ~Resumers() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        news_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
    }
    void hand_over(gw_token token) {
        {
            const std::lock_guard lock(mutex_);
            tokens_.push_back(token);
        }
        news_.notify_one();
    }

   private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            news_.wait(lock, [&] { return over_ || !tokens_.empty(); });
            if (tokens_.empty()) return;
            const gw_token token = tokens_.front();
            tokens_.pop_front();
            lock.unlock();
            running_->node.resume(instance_, token);
            lock.lock();
        }
    }

    Running* const running_;
    const void* const instance_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<gw_token> tokens_;
    bool over_ = false;
    std::vector<std::thread> threads_;
};

// The plugin in the middle. Its ud is on the heap, so that a sanitizer sees one that is used or freed twice.
class Deferrer : public FakePlugin {
   public:
    struct Ud {
        std::string moves;  // that are left
    };

    Deferrer() : FakePlugin("deferrer", GW_KIND_HANDSHAKE | GW_KIND_MESSAGE) {
        defers();
        intercept = [this](void*, gw_ctx*, gw_req* req, gw_next* next) {
            std::string_view moves;
            if (from_abi(req)->kind == GW_KIND_HANDSHAKE) {
                from_abi(req)->query("moves", &moves);
            } else {
                from_abi(req)->field("content", &moves);
                moves.remove_prefix(moves.find(' ') + 1);
            }
            return step(next, std::string(moves));
        };
        on_resume = [this](void*, gw_ctx*, gw_req*, gw_next* next, void* ud) {
            ++ended;
            const std::unique_ptr<Ud> own(static_cast<Ud*>(ud));
            return step(next, own->moves);
        };
        on_cancel = [this](void*, gw_ctx*, const gw_req*, void* ud, int32_t why) {
            ++ended;
            ++cancelled[static_cast<size_t>(why)];
            delete static_cast<Ud*>(ud);
        };
    }
    int32_t step(gw_next* next, const std::string& moves) {
        const char move = moves.empty() ? 'c' : moves.front();
        if (move == 'c') return chain_next(next, nullptr, nullptr);
        auto ud = std::make_unique<Ud>(Ud{moves.substr(1)});
        gw_token token{0, 0};
        CHECK(chain_defer(next, 100, ud.get(), &token) == GW_OK);
        if (move == 'w') {
            resumers->hand_over(token);  // too late, or claimed for nothing
            return GW_CONTINUE;
        }
        static_cast<void>(ud.release());
        ++begun;
        if (move == 'i') CHECK(running->node.resume(interceptor->instance, token) == GW_OK);
        if (move == 'r' || move == 'R') resumers->hand_over(token);
        if (move == 'R') resumers->hand_over(token);
        return GW_PENDING;
    }

    Running* running = nullptr;
    Resumers* resumers = nullptr;
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::array<std::atomic<int>, 4> cancelled{};
};

// Around it: a done for each next.
struct Outer : FakePlugin {
    explicit Outer(const char* name) : FakePlugin(name, GW_KIND_HANDSHAKE | GW_KIND_MESSAGE) {
        intercept = [this](void*, gw_ctx*, gw_req*, gw_next* next) {
            ++begun;
            return chain_next(next, done, new Outer*(this));
        };
    }
    static void done(void* ud, gw_ctx*, gw_req*, int32_t) {
        const std::unique_ptr<Outer*> own(static_cast<Outer**>(ud));
        ++(*own)->ended;
    }
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
};

// One client's life: joins, asks, is answered in order; goes in the middle now and then.
void live(Running* running, unsigned number, int lives) {
    Moves moves(number);
    const std::string name = "c" + std::to_string(number);
    for (int life = 0; life < lives; ++life) {
        TestClient client(running->port);
        const std::string target = "/ws?client_id=" + name + "&user_id=u-" + name + "&moves=" + moves.next();
        client.send(TestClient::upgrade(target));
        if (moves.one_in(8)) continue;  // gone before its answer
        const int status = client.read_status();
        CHECK((status == 101 || status == 503));
        if (status != 101) continue;
        CHECK(client.read_text().value_or("").find("connected") != std::string::npos);
        const int asked = 20;
        std::string bytes;
        for (int i = 0; i < asked; ++i) {
            const std::string message = R"({"type":"text","to":"u-)" + name + R"(","id":)" +
                                        std::to_string(i) + R"(,"content":")" + std::to_string(i) + " " +
                                        moves.next() + "\"}";
            bytes += testing::client_frame(Opcode::text, message);
        }
        client.send(bytes);
        const int heard = moves.one_in(3) ? asked / 2 : asked;  // then gone
        for (int i = 0; i < heard; ++i) {
            const std::string answer = client.read_text().value_or("nothing");
            const std::string id = R"("id":)" + std::to_string(i) + ",";
            CAPTURE(answer);
            CHECK(answer.find(id) != std::string::npos);
        }
    }
}

TEST_CASE("deferral at random: each ends once, and each client is answered in order") {
    constexpr unsigned clients = 16;
    constexpr int lives = 6;
    Outer outer("outer");
    Deferrer deferrer;
    Outer inner("inner");
    {
        Running running{&outer, &deferrer, &inner};
        Resumers resumers(&running, deferrer.interceptor->instance);
        deferrer.running = &running;
        deferrer.resumers = &resumers;
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < clients; ++i)
            threads.emplace_back(live, &running, i, lives);
        for (std::thread& thread : threads)
            thread.join();
        running.stop();
    }
    CHECK(deferrer.begun > 0);
    CHECK(deferrer.begun == deferrer.ended);
    CHECK(outer.begun == outer.ended);
    CHECK(inner.begun == inner.ended);
    CHECK(deferrer.cancelled[GW_WHY_DISCONNECT] > 0);
    CHECK(deferrer.cancelled[GW_WHY_DEADLINE] > 0);
    CHECK(deferrer.misuse() == 0);
}

}  // namespace
}  // namespace gatewayd
