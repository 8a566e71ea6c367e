// C++ with the SDK: waits where it must not, until somebody opens the other end of the FIFO `fifo` of its
// configuration; in intercept, or in `where`: start.
#include <fcntl.h>
#include <unistd.h>

#include "gateway/plugin.hpp"

namespace {

__attribute__((noinline)) void wait_for_somebody(const std::string& fifo) {
    const int descriptor = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) ::close(descriptor);
}

class Blocks : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        fifo_ = config.get("fifo").required_path();
        in_start_ = config.get("where").string_or("intercept") == "start";
    }
    void Start() override {
        if (in_start_) wait_for_somebody(fifo_);
    }
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        wait_for_somebody(fifo_);
        return gateway::Continue;
    }

   private:
    std::string fifo_;
    bool in_start_ = false;
};

}  // namespace

GATEWAY_PLUGIN(Blocks, "blocks", "2.1.0", "message")
