#include "gatewayd/signals.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <string_view>
#include <thread>
#include <utility>

#include "gatewayd/command_line.h"

namespace gatewayd {

class Signals::Impl {
   public:
    Impl(boost::asio::io_context& control, Handlers handlers)
        : control_(control), handlers_(std::move(handlers)), set_(io_, SIGTERM, SIGINT, SIGUSR1) {
        set_.add(SIGHUP);
        ::signal(SIGPIPE, SIG_IGN);
        wait();
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Impl() {
        io_.stop();
        thread_.join();
        boost::system::error_code ignored;
        set_.clear(ignored);
        ignore_requests();
    }

   private:
    void wait() {
        set_.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) return;
            handle(number);
            wait();
        });
    }

    void handle(int number) {
        switch (number) {
            case SIGUSR1:
                boost::asio::post(control_, handlers_.reopen);
                return;
            case SIGHUP:
                boost::asio::post(control_, handlers_.reload);
                return;
            default:
                break;
        }
        if (std::exchange(stopping_, true)) {
            // Neither the log nor any destructor: whatever hangs must not hold this up.
            static constexpr std::string_view words = "gatewayd: second signal: ended at once\n";
            pollfd log{STDERR_FILENO, POLLOUT, 0};  // a full pipe would hold it up too
            if (::poll(&log, 1, 0) != 1) _exit(exit_failed);
            if (::write(STDERR_FILENO, words.data(), words.size()) < 0) _exit(exit_failed);
            _exit(exit_failed);
        }
        const char* name = number == SIGTERM ? "SIGTERM" : "SIGINT";
        boost::asio::post(control_, [stop = handlers_.stop, name] { stop(name); });
    }

    boost::asio::io_context& control_;
    const Handlers handlers_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set set_;
    bool stopping_ = false;
    std::thread thread_;
};

void Signals::ignore_requests() {
    ::signal(SIGUSR1, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
}

Signals::Signals(boost::asio::io_context& control, Handlers handlers)
    : impl_(std::make_unique<Impl>(control, std::move(handlers))) {}
Signals::~Signals() = default;

}  // namespace gatewayd
