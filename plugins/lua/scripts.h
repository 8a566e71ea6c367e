// Scripts: the scripts of one instance in their order, the states that run them, and how a changed file comes
// in.
//
// Each thread has a state of its own for each script, made at its first call there: no lock on the way of a
// message. A reload reads a changed file, tries it in a state of its own, and only then puts it in the place
// of the old one; each thread makes its new state before its next call. A script that does not load leaves
// the old one.
#ifndef GATEWAY_PLUGINS_LUA_SCRIPTS_H
#define GATEWAY_PLUGINS_LUA_SCRIPTS_H

#include <atomic>
#include <cstdint>
#include <gateway/plugin.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "script.h"
#include "state.h"

namespace lua {

class Scripts {
   public:
    explicit Scripts(const Environment& environment);
    Scripts(const Scripts&) = delete;
    Scripts& operator=(const Scripts&) = delete;

    // [control], before any call. Throws gateway::Error: it cannot be read, or does not load.
    void add(const std::string& path, const std::string& config_json);
    // Bits 1 << Hook of what the scripts define, as it was when they were added.
    uint32_t hooks() const { return hooks_; }
    // The folders that the scripts lie in, each once.
    std::vector<std::string> folders() const;

    // One thread at a time for each connection, as the gateway calls. The scripts that define the hook, until
    // one decides. Throws gateway::Error.
    gateway::Verdict run(Hook hook, Call* call);

    // Any thread. Reads what has changed, and logs what came of it.
    void reload_changed();

   private:
    struct Slot {
        std::string path;
        std::string config_json;
        std::atomic<uint64_t> version{0};       // of current; read by all threads
        std::shared_ptr<const Script> current;  // guarded by mutex_
        FileIdentity seen;                      // the last content that was tried; guarded by reload_mutex_
    };
    struct Running {
        std::unique_ptr<State> state;  // null: not yet, or it has failed
        uint64_t version = 0;          // that was tried last
        std::string failure;           // when there is no state
    };
    using Lane = std::vector<Running>;  // of one thread, a Running for each Slot

    Lane& lane();
    void renew(Slot& slot, Running& running);

    const Environment& environment_;
    const uint64_t id_;  // unique in this process
    std::vector<std::unique_ptr<Slot>> slots_;
    uint32_t hooks_ = 0;
    std::mutex reload_mutex_;  // taken before mutex_
    std::mutex mutex_;
    std::unordered_map<std::thread::id, std::unique_ptr<Lane>> lanes_;  // guarded by mutex_
};

}  // namespace lua

#endif
