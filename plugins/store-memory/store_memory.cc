// store-memory: a gw.store/1 that forgets: for tests, and for those who do not need groups and tickets to
// survive the process. README.md
#include <memory>
#include <string>

#include "../common/store_queue.h"
#include "gateway/plugin.hpp"
#include "memory_engine.h"

namespace store {
namespace {

class StoreMemory : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"max_size"});
        max_bytes_ =
            static_cast<uint64_t>(config.get("max_size").integer_or(256, 1, 1024 * 1024)) * 1024 * 1024;
        gateway::publish_service(host(), GW_STORE, queue_.table());
    }
    void Start() override {
        host().warn("what is stored ends with this process, and with a reload of this plugin");
        Observer observer;
        observer.failed = [this](const std::string& message) { host().error(message); };
        queue_.start(std::make_unique<MemoryEngine>(max_bytes_), std::move(observer));
    }
    void Stop() override { queue_.stop(); }

   private:
    uint64_t max_bytes_ = 0;
    StoreQueue queue_;
};

}  // namespace
}  // namespace store

GATEWAY_PLUGIN_WITH(store::StoreMemory, "store-memory", "1.0.0", "service",
                    "exclusive=yes\noffers=" GW_STORE "\ndescription=Keeps groups and tickets in memory\n")
