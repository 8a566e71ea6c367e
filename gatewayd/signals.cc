#include "gatewayd/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "gatewayd/command_line.h"

namespace gatewayd {
namespace {

sigset_t our_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP})
        ::sigaddset(&set, number);
    return set;
}

}  // namespace

void Signals::block() {
    const sigset_t set = our_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

class Signals::Impl {
   public:
    Impl(boost::asio::io_context& control, Handlers handlers)
        : control_(control), handlers_(std::move(handlers)) {
        const sigset_t set = our_signals();
        signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
        end_ = ::eventfd(0, EFD_CLOEXEC);
        if (signals_ < 0 || end_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
        thread_ = std::thread([this] { read_signals(); });
    }
    ~Impl() {
        ::eventfd_write(end_, 1);
        thread_.join();
        ::close(signals_);
        ::close(end_);
    }

   private:
    void read_signals() {
        for (;;) {
            pollfd ready[2] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
            if (::poll(ready, 2, -1) < 0) continue;  // EINTR: a debugger
            if (ready[1].revents) return;
            signalfd_siginfo info;
            if (::read(signals_, &info, sizeof info) == sizeof info) handle(static_cast<int>(info.ssi_signo));
        }
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
    int signals_ = -1;
    int end_ = -1;  // readable: the thread ends
    bool stopping_ = false;
    std::thread thread_;
};

Signals::Signals(boost::asio::io_context& control, Handlers handlers)
    : impl_(std::make_unique<Impl>(control, std::move(handlers))) {}
Signals::~Signals() = default;

}  // namespace gatewayd
