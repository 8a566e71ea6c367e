// Whose code a thread is in: known to the thread while a plugin runs, and readable in its signal handlers, so
// that the watchdog and the last words of a crash can name it. Hooks are known by HookScope (hook_call.h);
// all other calls into a plugin (its entry, create, start, callbacks of capabilities) by CallScope.
#ifndef GATEWAYD_CORE_CHAIN_PLUGIN_CALL_H
#define GATEWAYD_CORE_CHAIN_PLUGIN_CALL_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/pulse.h"

namespace gatewayd {

// What a plugin's file is called. Constant while any of its code may run.
struct PluginTag {
    std::string name;      // the instance's
    std::string file;      // canonical
    std::string version;   // from its note
    std::string identity;  // of this very file: its path and its bytes, as one word; empty: does not matter
    // What crashes are counted as: a plugin of the handshake or auth stage lets everyone in by its absence.
    // Before its tables are known: whether it may be one.
    bool guards = false;
};

struct PluginScene;

class CallScope {
   public:
    // `function` lives for ever. A null plugin: a turn of this thread, in which hooks and calls come.
    CallScope(const PluginTag* plugin, const char* function);
    ~CallScope();
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;

   private:
    friend bool read_scene(PluginScene* scene);
    const PluginTag* const plugin_;
    const char* const function_;
    const CallScope* const outer_;
    std::optional<Pulse::Beat> beat_;
};

// The pulse that the CallScopes of this thread beat; null: none. For threads without turns of their own.
void set_call_pulse(Pulse* pulse);

// What this thread is in, copied: nothing of it is freed meanwhile. Texts too long are cut.
struct PluginScene {
    char plugin[65] = "";  // empty: no plugin
    char function[48] = "";
    char kind[16] = "";  // of the request; empty: none
    char file[512] = "";
    char version[65] = "";
    char identity[24] = "";
    bool guards = false;
    uint64_t connection_id = 0;  // 0: none
};
// False: no plugin runs on this thread. Async-signal-safe, but reads what may be damaged.
bool read_scene(PluginScene* scene);

// --- which file an address belongs to: for plugins' own threads, and for files loaded from a copy ---

inline constexpr size_t max_plugin_modules = 1024;

// From now on addresses of the library that has `address` are this plugin's; until the result is dropped,
// which must come before the library is unloaded. More than max_plugin_modules: nothing is kept.
std::shared_ptr<const void> own_module(const void* address, std::shared_ptr<const PluginTag> plugin);

struct CodePlace {
    const char* file = nullptr;    // null: nobody's; of a plugin the configured one; lives with the library
    const char* loaded = nullptr;  // what is mapped, maybe a copy; empty: the program
    uint64_t offset = 0;           // as addr2line and nm count
    const PluginTag* plugin = nullptr;  // null: no plugin's
};
// Async-signal-safe.
CodePlace place_of(const void* address);

}  // namespace gatewayd

#endif
