// Watcher: a thread that waits for changes in folders (inotify) and says so. From its constructor to its
// destructor. A file may be written in place, replaced, or be a link that is pointed elsewhere: whoever is
// told looks himself.
#ifndef GATEWAY_PLUGINS_LUA_WATCHER_H
#define GATEWAY_PLUGINS_LUA_WATCHER_H

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace lua {

class Watcher {
   public:
    // changed() is called on the thread. Throws std::system_error: this machine gives no (more) watches.
    Watcher(const std::vector<std::string>& folders, std::function<void()> changed);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

   private:
    void run();

    std::function<void()> changed_;
    int watches_ = -1;
    int end_ = -1;  // readable: the thread ends
    std::thread thread_;
};

}  // namespace lua

#endif
