// FolderWatch: waits until a file in a folder is made or changed, woken by the kernel. For tests.
#ifndef GATEWAYD_TESTS_SUPPORT_FOLDER_WATCH_H
#define GATEWAYD_TESTS_SUPPORT_FOLDER_WATCH_H

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

namespace gatewayd::testing {

class FolderWatch {
   public:
    explicit FolderWatch(const std::string& folder) : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
        ::inotify_add_watch(fd_, folder.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO);
    }
    ~FolderWatch() { ::close(fd_); }
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    // Looks again after each change in the folder. False: the deadline of 20 s passed.
    bool wait(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            pollfd entry{fd_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) <= 0)
                return condition();
            char events[4096];
            while (::read(fd_, events, sizeof(events)) > 0) {
            }
        }
        return true;
    }

   private:
    int fd_;
};

}  // namespace gatewayd::testing

#endif
