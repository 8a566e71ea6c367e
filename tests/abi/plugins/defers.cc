// Puts handshakes, frames and messages aside and resumes them from threads of its own. What it does is told
// by the query `defer` of a handshake and by the content of a message:
//   later   resumed at once, by a thread      refuse  resumed, and refused then
//   hold    resumed when somebody sends "release"
//   never   not resumed at all                leave   put aside, then thought better of
// Anything else passes.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/plugin.hpp"

namespace {

class Defers : public gateway::Interceptor {
   public:
    struct Asked {
        std::string how;
    };

    void Start() override {
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([this] { run(); });
    }
    void Stop() override {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopped_ = true;
        }
        news_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
    }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&,
                               gateway::Next& next) override {
        const std::string how = how_of(request);
        if (how == "release") {
            release();
            return gateway::Done;
        }
        if (how != "later" && how != "refuse" && how != "hold" && how != "never" && how != "leave")
            return gateway::Continue;
        const gw_token token = next.defer(how == "never" ? 300 : 0, std::make_unique<Asked>(Asked{how}));
        if (how == "leave") return gateway::Continue;
        const std::lock_guard<std::mutex> lock(mutex_);
        if (how == "hold") held_.push_back(token);
        if (how == "later" || how == "refuse") waiting_.push_back(token);
        news_.notify_one();
        return gateway::Pending;
    }
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection&, gateway::Next&,
                              void* ud) override {
        const std::unique_ptr<Asked> asked = gateway::take<Asked>(ud);
        if (asked->how == "refuse") return request.reject(403, "forbidden", "not you");
        return gateway::Continue;
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t why) override {
        host().info("cancelled: " + gateway::take<Asked>(ud)->how + " " + std::to_string(why));
    }

   private:
    static std::string how_of(const gateway::Request& request) {
        if (request.is_handshake()) return std::string(request.query("defer").value_or(""));
        if (request.is_frame()) return request.payload() == "frame later" ? "later" : "";
        return std::string(request.field("content").value_or(""));
    }
    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        waiting_.insert(waiting_.end(), held_.begin(), held_.end());
        held_.clear();
        news_.notify_all();
    }
    void run() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            news_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
            if (stopped_) return;
            const gw_token token = waiting_.front();
            waiting_.pop_front();
            lock.unlock();
            host().resume(token);
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<gw_token> waiting_;
    std::vector<gw_token> held_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

GATEWAY_PLUGIN(Defers, "defers", "1.0.0", "handshake,frame,message")
