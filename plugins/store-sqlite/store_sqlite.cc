// store-sqlite: the gw.store/1 that gatewayd brings along: one SQLite file, durable when it says so, many
// commits for one write to the disk. README.md
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "../common/store_queue.h"
#include "gateway/plugin.hpp"
#include "sqlite_engine.h"

namespace {

constexpr int64_t mb = 1024 * 1024;
constexpr std::chrono::seconds between_looks{5};  // at the file's size

class StoreSqlite : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"file", "max_size", "check_on_start"});
        options_.file = config.get("file").required_path();  // wsc.store has a default
        options_.max_bytes = static_cast<uint64_t>(config.get("max_size").integer_or(0, 0, 16 * mb) * mb);
        options_.check = config.get("check_on_start").bool_or(true);
        commits_ = gateway::counter(host(), "commits_total", "Calls that were done.");
        failures_ = gateway::counter(host(), "failures_total", "Commits that failed for the disk's sake.");
        seconds_ =
            gateway::histogram(host(), "commit_seconds", "Time until a group of calls was on the disk.",
                               {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5});
        waiting_ = gateway::gauge(host(), "waiting", "Calls that wait for their turn.");
        bytes_ = gateway::gauge(host(), "file_bytes", "Size of the file and its log.");
        gateway::publish_service(host(), GW_STORE, queue_.table());
    }

    void Start() override {
        std::unique_ptr<store::SqliteEngine> engine;
        try {
            engine = std::make_unique<store::SqliteEngine>(options_);
        } catch (const std::runtime_error& failure) {
            throw gateway::Error(failure.what());
        }
        bytes_.set(static_cast<double>(store::SqliteFile::size_on_disk(options_.file)));
        store::Observer observer;
        observer.committed = [this](size_t calls, std::chrono::duration<double> took) {
            committed(calls, took);
        };
        observer.failed = [this](const std::string& message) { failed(message); };
        queue_.start(std::move(engine), std::move(observer));
        host().info("the store is " + options_.file);
    }

    void Stop() override { queue_.stop(); }

   private:
    void committed(size_t calls, std::chrono::duration<double> took) {
        commits_.add(static_cast<double>(calls));
        seconds_.observe(took.count());
        waiting_.set(static_cast<double>(queue_.waiting()));
        const auto now = std::chrono::steady_clock::now();
        if (now - looked_ < between_looks) return;
        looked_ = now;
        bytes_.set(static_cast<double>(store::SqliteFile::size_on_disk(options_.file)));
    }
    void failed(const std::string& message) {
        failures_.add();
        host().error("a commit failed: " + message);
    }

    store::FileOptions options_;
    gateway::Counter commits_;
    gateway::Counter failures_;
    gateway::Histogram seconds_;
    gateway::Gauge waiting_;
    gateway::Gauge bytes_;
    std::chrono::steady_clock::time_point looked_{};  // the queue's thread
    store::StoreQueue queue_;
};

}  // namespace

GATEWAY_PLUGIN_WITH(StoreSqlite, "store-sqlite", "1.0.0", "service",
                    "exclusive=yes\noffers=" GW_STORE
                    "\ndescription=Keeps groups and tickets in a SQLite file\n")
