// A plugin's instance, its callbacks that write down how they were called, and connections: for the tests of
// timers and works.
#ifndef GATEWAYD_TESTS_UNIT_ASYNC_PARTS_H
#define GATEWAYD_TESTS_UNIT_ASYNC_PARTS_H

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/async/callback_owner.h"
#include "tests/unit/chain/fake_plugins.h"

namespace gatewayd::testing {

// One instance; open, as a started plugin is.
struct Owner : CallbackOwner {
    explicit Owner(const std::string& name) : plugin(name) {
        instance = plugin.interceptor->instance;
        blamed = plugin.interceptor;
        open = true;
    }
    FakePlugin plugin;
};

class FakeConnection final : public Context {
   public:
    explicit FakeConnection(uint64_t number, uint32_t reactor = 0)
        : id_{uint64_t{reactor} << 32 | number, number} {}
    gw_conn_id conn_id() const override { return id_; }
    bool client(gw_client*) const override { return false; }
    bool is_open() const override { return open; }
    int32_t send(std::string_view) override { return GW_OK; }
    int32_t close(uint16_t, std::string_view) override { return open = false, GW_OK; }
    const InterceptorChain* current_chain() const override { return chain; }

    bool open = true;
    const InterceptorChain* chain = nullptr;

   private:
    const gw_conn_id id_;
};

// What was called, in its order; any thread.
class CallLog {
   public:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
        news_.notify_all();
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    // Waits until there are so many.
    std::vector<std::string> lines(size_t count) {
        std::unique_lock lock(mutex_);
        REQUIRE(news_.wait_for(lock, std::chrono::seconds(60), [&] { return lines_.size() >= count; }));
        return lines_;
    }

   private:
    mutable std::mutex mutex_;
    std::condition_variable news_;
    std::vector<std::string> lines_;
};

// The home of a table: letters that run when the test says so.
class Letters {
   public:
    bool post(std::function<void()> letter, bool bounded) {
        const std::lock_guard lock(mutex_);
        if (bounded && full) return false;
        letters_.push_back(std::move(letter));
        return true;
    }
    void run() {
        std::vector<std::function<void()>> letters;
        {
            const std::lock_guard lock(mutex_);
            letters.swap(letters_);
        }
        for (const auto& letter : letters)
            letter();
    }
    bool full = false;

   private:
    std::mutex mutex_;
    std::vector<std::function<void()>> letters_;
};

}  // namespace gatewayd::testing

#endif
