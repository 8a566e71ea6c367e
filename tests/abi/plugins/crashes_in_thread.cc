// C++ with the SDK: crashes in a thread of its own, where no hook of it runs.
#include <thread>

#include "gateway/plugin.hpp"

namespace {

void crash() {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
}

class CrashesInThread : public gateway::Interceptor {
   public:
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next&) override {
        std::thread(crash).join();
        return gateway::Continue;
    }
};

}  // namespace

GATEWAY_PLUGIN(CrashesInThread, "crashes_in_thread", "1.0.0", "message")
