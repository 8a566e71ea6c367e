#include "watcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace lua {
namespace {

// Finished writing, renamed to here, a link made; attributes because a file may become readable.
constexpr uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Watcher::Watcher(const std::vector<std::string>& folders, std::function<void()> changed)
    : changed_(std::move(changed)) {
    watches_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watches_ < 0) fail("inotify");
    end_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool watched = end_ >= 0;
    for (const std::string& folder : folders)
        watched = watched && ::inotify_add_watch(watches_, folder.c_str(), events) >= 0;
    if (!watched) {
        const int error = errno;
        ::close(watches_);
        if (end_ >= 0) ::close(end_);
        errno = error;
        fail("inotify");
    }
    // Signals are the gateway's: they must not come here.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watcher::~Watcher() {
    const uint64_t one = 1;
    static_cast<void>(!::write(end_, &one, sizeof one));
    thread_.join();
    ::close(watches_);
    ::close(end_);
}

void Watcher::run() {
    for (;;) {
        pollfd ready[2] = {{watches_, POLLIN, 0}, {end_, POLLIN, 0}};
        if (::poll(ready, 2, -1) < 0 && errno != EINTR) return;
        if (ready[1].revents != 0) return;
        if (ready[0].revents == 0) continue;
        // What it was does not matter.
        alignas(inotify_event) char buffer[4096];
        while (::read(watches_, buffer, sizeof buffer) > 0) {
        }
        changed_();
    }
}

}  // namespace lua
