// Handle: what a plugin under test gets as gw_inst, gw_ctx, gw_req and gw_next. A new one for each hook; it
// stays known when the hook has returned, so that a use after that is told from a good one. Any thread.
#ifndef GATEWAYD_CORE_HARNESS_HANDLE_H
#define GATEWAYD_CORE_HARNESS_HANDLE_H

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace gatewayd::harness {

class Engine;
class HookCall;

struct Handle {
    enum class Kind : uint8_t { instance, connection, request, next };

    Handle(Kind what, Engine* owner, HookCall* hook, std::string name)
        : kind(what), engine(owner), call(hook), hook_name(std::move(name)) {}

    const Kind kind;
    std::atomic<bool> alive{true};
    Engine* const engine;
    HookCall* const call;         // null: instance
    const std::string hook_name;  // for messages
};

// Every handle that was given out and not yet forgotten.
class HandleBook {
   public:
    static constexpr size_t max_dead_handles = 16384;

    static HandleBook& instance();

    Handle* make(Handle::Kind kind, Engine* engine, HookCall* call, const std::string& hook_name);
    // Null: no such handle, a garbage pointer.
    Handle* find(const void* pointer) const;
    void bury(Handle* handle);
    // The engine goes: its handles must not be followed any more.
    void forget(const Engine* engine);

   private:
    mutable std::mutex mutex_;
    std::unordered_map<const void*, std::unique_ptr<Handle>> handles_;
};

}  // namespace gatewayd::harness

#endif
