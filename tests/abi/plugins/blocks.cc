// C++ with the SDK: waits where it must not, until somebody opens the other end of the FIFO `fifo` of its
// configuration; in intercept, or in `where`: start, or timer, a timer of the control thread.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "gateway/plugin.hpp"

namespace {

__attribute__((noinline)) void wait_for_somebody(const std::string& fifo) {
    const int descriptor = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return;
    pollfd somebody{descriptor, POLLIN, 0};  // in poll(), signals come through under every sanitizer
    while (::poll(&somebody, 1, -1) != 1) {
    }
    ::close(descriptor);
}

class Blocks : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        fifo_ = config.get("fifo").required_path();
        where_ = config.get("where").string_or("intercept");
    }
    void Start() override {
        if (where_ == "start") wait_for_somebody(fifo_);
        if (where_ == "timer")
            gateway::after(host(), std::chrono::milliseconds(100), [this] { wait_for_somebody(fifo_); });
    }
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        wait_for_somebody(fifo_);
        return gateway::Continue;
    }

   private:
    std::string fifo_;
    std::string where_;
};

}  // namespace

GATEWAY_PLUGIN(Blocks, "blocks", "2.1.0", "message")
