// A gw.store/1 for tests: the bundled one's engine, failing while a file of its name and ".fail" is there.
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "gateway/plugin.hpp"
#include "plugins/common/store_queue.h"
#include "plugins/store-sqlite/sqlite_engine.h"

namespace {

class FailingEngine : public store::SqliteEngine {
   public:
    explicit FailingEngine(const store::FileOptions& options)
        : SqliteEngine(options), sign_(options.file + ".fail") {}

    store::Result end() override {
        if (::access(sign_.c_str(), F_OK) != 0) return SqliteEngine::end();
        roll_back();
        return store::Result::failure(GW_E_FAIL, "the disk is full, says " + sign_);
    }

   private:
    const std::string sign_;
};

class FailingStore : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"file"});
        options_.file = config.get("file").required_path();
        gateway::publish_service(host(), GW_STORE, queue_.table());
    }
    void Start() override { queue_.start(std::make_unique<FailingEngine>(options_), store::Observer()); }
    void Stop() override { queue_.stop(); }

   private:
    store::FileOptions options_;
    store::StoreQueue queue_;
};

}  // namespace

GATEWAY_PLUGIN_WITH(FailingStore, "failing-store", "1.0.0", "service", "offers=gw.store/1\nexclusive=yes\n")
