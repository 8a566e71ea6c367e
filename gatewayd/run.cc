#include "gatewayd/run.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/gateway.h"
#include "core/guard/crash_handler.h"
#include "core/guard/thread_guard.h"
#include "gatewayd/admin/api.h"
#include "gatewayd/admin/server.h"
#include "gatewayd/check.h"
#include "gatewayd/process.h"
#include "gatewayd/signals.h"

namespace gatewayd {
namespace {

// Files that are open beside the connections: listeners, epoll, logs, plugins, the admin's connections.
constexpr uint64_t reserved_open_files = 64 + AdminServer::max_connections;

void warn_of_open_file_limit(const WscSettings& wsc, uint64_t limit) {
    if (!wsc.enabled) return;
    const uint64_t wanted = wsc.performance.max_connections_per_node + reserved_open_files;
    if (wanted <= limit) return;
    log::warn(
        "wsc.performance.max_connections_per_node does not fit under the limit of open files; raise the "
        "limit (ulimit -Hn, LimitNOFILE=) or lower the key",
        {{"open_files_limit", limit},
         {"open_files_wanted", wanted},
         {"max_connections_per_node", wsc.performance.max_connections_per_node}});
}

// The gateway, its admin listener and what ends them. On the control thread.
class Daemon {
   public:
    Daemon(Settings settings, std::function<LoadResult()> read_again)
        : work_(boost::asio::make_work_guard(control_)),
          gateway_(std::move(settings), control_),
          signals_(control_, {[this](const char* name) { stop("signal", name); },
                              [this] { gateway_.reopen_files(); }, [this] { gateway_.reload(); }}),
          admin_(gateway_) {
        gateway_.reserve_admin_routes(admin::Api::paths());
        gateway_.set_settings_source(std::move(read_again));
        gateway_.on_shutdown_request([this](const std::string& why) { stop("a plugin", why); });
    }

    void start() {
        admin_.bind();  // before clients come: a port in use must not disconnect anybody
        gateway_.start();
        admin_.serve();
        notify_systemd("READY=1");
    }

    // Until everything is stopped.
    void run() { control_.run(); }

   private:
    void stop(const char* who, std::string_view why) {
        if (std::exchange(stopping_, true)) return;
        log::info("the end was asked for", {{"by", who}, {"why", why}});
        notify_systemd("STOPPING=1");
        gateway_.shutdown([this] {
            admin_.stop();
            work_.reset();
            control_.stop();
        });
    }

    boost::asio::io_context control_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Gateway gateway_;
    Signals signals_;
    AdminServer admin_;
    bool stopping_ = false;
};

// However run() ends, it was not a plugin that ended the process.
class ExpectedExit {
   public:
    ExpectedExit() = default;
    ~ExpectedExit() { expect_exit(); }
    ExpectedExit(const ExpectedExit&) = delete;
    ExpectedExit& operator=(const ExpectedExit&) = delete;
};

int start_and_run(Settings settings, std::function<LoadResult()> read_again) {
    bool started = false;
    try {
        if (settings.safe_mode && settings.admin.listen.empty())
            throw StartError("--safe-mode opens the admin listener alone, and admin.listen is off");
        Daemon daemon(std::move(settings), std::move(read_again));
        daemon.start();
        started = true;
        daemon.run();
        log::info("stopped");
        return exit_clean;
    } catch (const std::exception& error) {
        log::error(std::string(started ? "failed: " : "refused to start: ") + error.what());
        return started ? exit_failed : exit_refused;
    }
}

}  // namespace

int run(const CommandLine& line) {
    Signals::block();
    std::vector<std::string> warnings;
    std::optional<Settings> settings = load_or_say_why(line, &warnings);
    if (!settings) return exit_refused;

    settings->safe_mode = line.safe_mode;

    log::setup(settings->log);
    const ThreadGuard guard("control");
    install_crash_handler();
    const ExpectedExit ends;
    log::info("gatewayd starts", {{"version", GATEWAYD_VERSION}, {"config", line.config_file}});
    for (const std::string& warning : warnings)
        log::warn(warning);
    if (!line.safe_mode) warn_of_open_file_limit(settings->wsc, raise_open_file_limit());
    const int status = start_and_run(std::move(*settings),
                                     [options = load_options(line)] { return load_settings(options); });
    log::flush_and_stop();
    return status;
}

}  // namespace gatewayd
