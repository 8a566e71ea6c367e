// Swapping at random: clients send and go, plugins put messages aside and resume them from threads, or never;
// meanwhile one chain replaces another again and again, and drains cut short what waits. Whatever happens:
// each client is answered in the order in which it asked, each message was stamped by exactly one generation
// of each plugin, later messages never by an earlier one, slots and deferrals end once, and every chain goes.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
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

constexpr int lineages = 3;

// What all generations share.
struct World {
    Running* running = nullptr;
    std::atomic<int> slots{0};     // attached and not yet detached
    std::atomic<int> deferred{0};  // put aside and not yet ended
    std::atomic<int> begun{0};     // next() with a done
    std::atomic<int> done{0};
    std::array<std::atomic<int>, 4> cancelled{};
    std::array<char, lineages> keys{};  // their addresses name the lineages

    // Threads that resume what is handed over.
    std::mutex mutex;
    std::condition_variable news;
    std::deque<std::pair<const void*, gw_token>> tokens;
    bool over = false;

    void hand_over(const void* instance, gw_token token) {
        const std::lock_guard lock(mutex);
        tokens.emplace_back(instance, token);
        news.notify_one();
    }
    void resume_all() {
        std::unique_lock lock(mutex);
        for (;;) {
            news.wait(lock, [&] { return over || !tokens.empty(); });
            if (tokens.empty()) return;
            const auto [instance, token] = tokens.front();
            tokens.pop_front();
            lock.unlock();
            running->node.resume(instance, token);
            lock.lock();
        }
    }
};

// One generation of one plugin. Its slot and its ud are on the heap, so that a sanitizer sees a use after the
// end. The message's field "a", "b" or "c" gets its number; a second stamp of the same plugin is a failure.
class Generation : public FakePlugin {
   public:
    Generation(World* world, int lineage, int number, unsigned seed)
        : FakePlugin(std::string(1, static_cast<char>('a' + lineage))),
          world_(world),
          number_(number),
          seed_(seed) {
        interceptor->lineage = &world->keys[static_cast<size_t>(lineage)];
        attaches();
        defers();
        attach = [this](gw_ctx*, void** slot, uint32_t*) {
            *slot = new Generation*(this);
            ++world_->slots;
            return GW_OK;
        };
        detach = [this](void* slot, gw_ctx*) {
            const std::unique_ptr<Generation*> own(static_cast<Generation**>(slot));
            CHECK(*own == this);
            --world_->slots;
        };
        intercept = [this](void* slot, gw_ctx*, gw_req* req, gw_next* next) { return step(slot, req, next); };
        on_resume = [this](void* slot, gw_ctx*, gw_req* req, gw_next* next, void* ud) {
            delete static_cast<int*>(ud);
            --world_->deferred;
            return step(slot, req, next);
        };
        on_cancel = [this](void* slot, gw_ctx*, const gw_req*, void* ud, int32_t why) {
            CHECK(*static_cast<Generation**>(slot) == this);
            delete static_cast<int*>(ud);
            --world_->deferred;
            ++world_->cancelled[static_cast<size_t>(why)];
        };
    }

   private:
    int32_t step(void* slot, gw_req* req, gw_next* next) {
        CHECK(*static_cast<Generation**>(slot) == this);
        // Many threads use no generator of each other's: the draw is a hash of a count.
        const unsigned draw = (seed_ + ++draws_) * 2654435761U >> 20;
        if (draw % 8 < 3) {
            gw_token token{0, 0};
            auto ud = std::make_unique<int>(0);
            CHECK(chain_defer(next, 0, ud.release(), &token) == GW_OK);
            ++world_->deferred;
            if (draw % 64 >= 3) world_->hand_over(interceptor->instance, token);  // else nobody resumes it
            return GW_PENDING;
        }
        std::string_view before;
        CHECK(from_abi(req)->field(interceptor->name, &before) == GW_E_NOTFOUND);
        CHECK(from_abi(req)->set_json(interceptor->name, std::to_string(number_)) == GW_OK);
        if (draw % 2 == 0) return GW_CONTINUE;
        ++world_->begun;
        return chain_next(
            next, [](void* ud, gw_ctx*, gw_req*, int32_t) { ++static_cast<World*>(ud)->done; }, world_);
    }

    World* const world_;
    const int number_;
    const unsigned seed_;
    std::atomic<unsigned> draws_{0};
};

int number_in(const std::string& text, const std::string& key) {
    const size_t at = text.find("\"" + key + "\":");
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + key.size() + 3);
}

// One client's lives: asks, is answered in order, goes in the middle now and then.
void live(Running* running, unsigned number, int lives) {
    std::mt19937 random(number);
    const std::string name = "c" + std::to_string(number);
    for (int life = 0; life < lives; ++life) {
        TestClient client = running->join(name);
        const int asked = 30;
        std::string bytes;
        for (int i = 0; i < asked; ++i) {
            const std::string message =
                R"({"type":"text","to":"u-)" + name + R"(","id":)" + std::to_string(i) + "}";
            bytes += testing::client_frame(Opcode::text, message);
        }
        client.send(bytes);
        const int heard = random() % 3 == 0 ? asked / 2 : asked;  // then gone
        std::array<int, lineages> newest{};
        for (int i = 0; i < heard; ++i) {
            const std::string answer = client.read_text().value_or("nothing");
            CAPTURE(answer);
            CHECK(number_in(answer, "id") == i);
            for (int lineage = 0; lineage < lineages; ++lineage) {
                const int generation = number_in(answer, std::string(1, static_cast<char>('a' + lineage)));
                CHECK(generation >= newest[static_cast<size_t>(lineage)]);
                newest[static_cast<size_t>(lineage)] = generation;
            }
        }
    }
}

// The chain of the newest generations, in this order.
std::shared_ptr<const InterceptorChain> chain_of(const std::vector<Generation*>& plugins) {
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (const Generation* plugin : plugins)
        interceptors.push_back(plugin->interceptor);
    return std::make_shared<InterceptorChain>(std::move(interceptors));
}

TEST_CASE("swapping at random: each message is seen once by one generation of each plugin, in order") {
    constexpr unsigned clients = 8;
    constexpr int lives = 5;
    World world;
    std::mt19937 random(20261126);
    std::vector<std::unique_ptr<Generation>> all;
    std::vector<Generation*> newest;
    std::vector<std::weak_ptr<const InterceptorChain>> chains;
    for (int lineage = 0; lineage < lineages; ++lineage) {
        all.push_back(std::make_unique<Generation>(&world, lineage, 0, random()));
        newest.push_back(all.back().get());
    }
    {
        Running running{newest[0], newest[1], newest[2]};
        world.running = &running;
        std::vector<std::thread> resumers;
        for (int i = 0; i < 3; ++i)
            resumers.emplace_back([&] { world.resume_all(); });
        std::atomic<unsigned> living{clients};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < clients; ++i) {
            threads.emplace_back([&, i] {
                live(&running, i, lives);
                --living;
            });
        }
        for (int number = 1; living > 0; ++number) {
            LeavingPlugins leaving;
            for (Generation*& plugin : newest) {
                if (random() % 3 == 0) continue;
                const int lineage = plugin->interceptor->name[0] - 'a';
                leaving.push_back(plugin->interceptor.get());
                all.push_back(std::make_unique<Generation>(&world, lineage, number, random()));
                plugin = all.back().get();
            }
            if (random() % 4 == 0) std::swap(newest[random() % newest.size()], newest[0]);
            const auto chain = chain_of(newest);
            chains.push_back(chain);
            std::promise<void> moved;
            running.reactor.post(
                [&, until = std::shared_ptr<void>(nullptr, [&](void*) { moved.set_value(); })] {
                    running.worker.enter(chain, until);
                },
                false);
            moved.get_future().wait();
            // What nobody resumes waits for this.
            running.reactor.post([&, leaving] { running.worker.drain(leaving); }, false);
            // And what waits in the newest chain, for the next.
        }
        for (std::thread& thread : threads)
            thread.join();
        running.stop();
        {
            const std::lock_guard lock(world.mutex);
            world.over = true;
        }
        world.news.notify_all();
        for (std::thread& thread : resumers)
            thread.join();
    }
    CHECK(world.slots == 0);
    CHECK(world.deferred == 0);
    CHECK(world.begun == world.done);
    CHECK(world.cancelled[GW_WHY_DRAIN] > 0);
    CHECK(world.cancelled[GW_WHY_DISCONNECT] > 0);
    CHECK(world.cancelled[GW_WHY_DEADLINE] == 0);
    for (const auto& chain : chains)
        CHECK(chain.expired());
    for (const auto& plugin : all)
        CHECK(plugin->misuse() == 0);
    MESSAGE("swaps: " << chains.size() << ", drained: " << world.cancelled[GW_WHY_DRAIN].load());
}

}  // namespace
}  // namespace gatewayd
