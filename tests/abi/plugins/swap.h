// A plugin to be reloaded while clients talk, for tests/integration/test_swap.py: swap_v1.cc and swap_v2.cc
// are two builds of it. Stamps each message with what saw it:
//   build       1 or 2: whose code ran
//   generation  counted by gw.state/1: which instance it was
//   nth         the connection's how many-th message: carried on by the connection's attributes
//   copies      instances of this loaded copy: 1, since no two generations share their statics
// The content "total" is answered with the count of all messages of all generations. Contents that begin with
//   later       are put aside and resumed by a thread
//   hold        are put aside until a "release" comes
#ifndef GATEWAYD_TESTS_ABI_PLUGINS_SWAP_H
#define GATEWAYD_TESTS_ABI_PLUGINS_SWAP_H

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "gateway/plugin.hpp"

namespace swap_test {

static std::atomic<int> copies{0};

class Swap : public gateway::Interceptor {
   public:
    explicit Swap(int build) : build_(build) { ++copies; }
    ~Swap() override { --copies; }

    void Configure(const gateway::Config& config) override {
        config.allow_only({"fail", "lock", "label"});
        fail_ = config.get("fail").string_or("");
        lock_path_ = config.get("lock").string_or("");
        label_ = config.get("label").string_or("");
        if (fail_ == "create") throw std::runtime_error("create was told to fail");
    }
    void Start() override {
        if (fail_ == "start") throw std::runtime_error("start was told to fail");
        if (!lock_path_.empty()) {
            lock_ = ::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
            if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) throw std::runtime_error("the lock is taken");
        }
        thread_ = std::thread([this] { run(); });
    }
    void Stop() override {
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            stopped_ = true;
        }
        news_.notify_all();
        thread_.join();
        if (lock_ >= 0) ::close(lock_);
    }

    bool Attach(gateway::Connection& connection) override {
        const auto before = connection.attribute("swap.nth");
        connection.set_slot(new uint64_t(before ? std::stoull(std::string(*before)) : 0));
        return true;
    }
    void Detach(gateway::Connection& connection) override {
        const std::unique_ptr<uint64_t> nth(connection.slot<uint64_t>());
        connection.set_attribute("swap.nth", std::to_string(*nth));
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        const std::string content(request.field("content").value_or(""));
        if (content == "total") {
            return request.answer("{\"type\":\"total\",\"total\":" + std::to_string(total_) +
                                  ",\"label\":\"" + label_ + "\"}");
        }
        if (content == "release") {
            const std::lock_guard<std::mutex> guard(mutex_);
            for (const gw_token& token : held_)
                waiting_.push_back(token);
            held_.clear();
            news_.notify_one();
            return gateway::Done;
        }
        const bool later = content.rfind("later", 0) == 0;
        if (!later && content.rfind("hold", 0) != 0) return stamp(request, connection);
        const gw_token token = next.defer(0, std::make_unique<int>(0));
        const std::lock_guard<std::mutex> guard(mutex_);
        (later ? waiting_ : held_).push_back(token);
        news_.notify_one();
        return gateway::Pending;
    }
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection& connection, gateway::Next&,
                              void* ud) override {
        gateway::take<int>(ud);
        return stamp(request, connection);
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t why) override {
        gateway::take<int>(ud);
        host().info("cancelled: " + std::to_string(why) + " by generation " + std::to_string(generation_));
    }

    std::string SaveState(gateway::StatePart part) override {
        if (fail_ == "save") throw std::runtime_error("save was told to fail");
        const uint64_t total = total_;
        const uint64_t added = part == gateway::StatePart::whole ? total : total - saved_;
        saved_ = total;
        if (part == gateway::StatePart::rest && added == 0) return {};
        return std::to_string(generation_) + " " + std::to_string(added);
    }
    void LoadState(const gateway::State& state) override {
        if (fail_ == "load") throw std::runtime_error("load was told to fail");
        const std::string bytes(state.bytes);
        const size_t space = bytes.find(' ');
        if (space == std::string::npos) throw std::runtime_error("not what this plugin saves");
        if (state.part == gateway::StatePart::whole) generation_ = std::stoi(bytes) + 1;
        total_ += std::stoull(bytes.substr(space + 1));
    }

   private:
    gateway::Verdict stamp(gateway::Request& request, gateway::Connection& connection) {
        ++total_;
        request.set_json("build", std::to_string(build_));
        request.set_json("generation", std::to_string(generation_));
        request.set_json("copies", std::to_string(copies));
        request.set_json("nth", std::to_string(++*connection.slot<uint64_t>()));
        if (!label_.empty()) request.set_field("label", label_);
        return gateway::Continue;
    }
    void run() {
        std::unique_lock<std::mutex> guard(mutex_);
        for (;;) {
            news_.wait(guard, [&] { return stopped_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            const gw_token token = waiting_.front();
            waiting_.pop_front();
            guard.unlock();
            host().resume(token);
            guard.lock();
        }
    }

    const int build_;
    std::string fail_;
    std::string lock_path_;
    std::string label_;
    int lock_ = -1;
    int generation_ = 1;
    uint64_t saved_ = 0;
    std::atomic<uint64_t> total_{0};
    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<gw_token> waiting_;
    std::deque<gw_token> held_;
    bool stopped_ = false;
    std::thread thread_;
};

}  // namespace swap_test

#endif
