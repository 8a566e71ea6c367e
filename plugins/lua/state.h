// State: one Lua state that runs one script for one thread: its sandbox, and the limits of each call. One
// thread at a time uses it.
//
// What ends a call as an error: an error of the script, more instructions than the limit, more CPU time, more
// memory. The state goes on to be used afterwards, with the globals that it has then.
//
// The interpreter runs alone: code that LuaJIT compiles does not count instructions, and so could not be
// ended. docs/adr/0018-lua-scripts.md
#ifndef GATEWAY_PLUGINS_LUA_STATE_H
#define GATEWAY_PLUGINS_LUA_STATE_H

#include <cstddef>
#include <cstdint>
#include <gateway/plugin.hpp>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "script.h"
#include "shared_store.h"

namespace lua {

struct Limits {
    int64_t instructions = 1000000;  // of one call; loading a script has ten times as much
    int64_t time_ms = 50;            // CPU time of one call; the same
    size_t memory_bytes = 16 << 20;  // of one state
};

// What all states of an instance share. Outlives them.
struct Environment {
    gateway::Host host;
    Limits limits;
    SharedStore* shared = nullptr;
};

// What a hook is called for. During the call.
struct Call {
    gw_req* request = nullptr;
    gw_ctx* context = nullptr;
    std::string_view reason;  // disconnected
    int32_t code = 0;
    gateway::Verdict verdict = gateway::Continue;
    const char* decided_by = nullptr;  // "reject", "answer", ...: a call decides once
};

class State {
   public:
    // Runs the script's outermost level. Throws gateway::Error: "filter.lua:3: what is wrong".
    State(const Environment& environment, std::shared_ptr<const Script> script);
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    bool has(Hook hook) const { return functions_[static_cast<size_t>(hook)] != LUA_NOREF; }
    const Script& script() const { return *script_; }
    size_t memory_bytes() const { return used_bytes_; }

    // Throws gateway::Error: "filter.lua:3: what is wrong (in message)".
    gateway::Verdict run(Hook hook, Call* call);

    // --- for the functions that scripts call, from inside of run ---
    static State& of(lua_State* lua);
    Call* call() const { return call_; }
    const Environment& environment() const { return environment_; }
    // JSON and other texts on their way, so that no error of Lua passes by a std::string on the C++ stack.
    std::string& scratch() { return scratch_; }
    SharedStore::Value& shared_value() { return shared_value_; }  // the same, of gateway.shared
    // Counts work inside of a function of C++ as so many instructions; raises the error of an overrun.
    void charge(lua_State* lua, int64_t instructions);
    bool is_over() const { return over_ != nullptr; }

   private:
    struct Loader;

    static void* allocate(void* self, void* block, size_t old_size, size_t new_size);
    static void on_count(lua_State* lua, lua_Debug*);
    static int run_disconnected(lua_State* lua);
    void begin(int64_t times);
    void look_at_budget(lua_State* lua);
    [[noreturn]] void overrun(lua_State* lua, const char* text);
    std::string error_text(int status) const;
    void close();

    const Environment& environment_;
    const std::shared_ptr<const Script> script_;
    lua_State* lua_ = nullptr;
    lua_Alloc lua_allocate_ = nullptr;  // LuaJIT's own, behind our count
    void* lua_allocate_ud_ = nullptr;
    size_t used_bytes_ = 0;
    size_t bytes_after_collection_ = 0;

    int functions_[hook_count];
    int request_ = LUA_NOREF;  // the one `req` and the one `client` that hooks get
    int client_ = LUA_NOREF;
    int disconnected_ = LUA_NOREF;

    Call* call_ = nullptr;
    int64_t instructions_left_ = 0;
    int64_t time_limit_ns_ = 0;
    int64_t time_end_ns_ = 0;     // 0: this call was too short yet to ask for the time
    const char* over_ = nullptr;  // which limit; null: none yet
    std::string scratch_;
    SharedStore::Value shared_value_;
};

}  // namespace lua

#endif
