#include "state.h"

#include <luajit.h>
#include <time.h>

#include <algorithm>

#include "api.h"

namespace lua {
namespace {

constexpr int instructions_between_looks = 1000;
constexpr int loading_limit_times = 10;

int64_t thread_cpu_ns() {
    struct timespec now {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

}  // namespace

// What the constructor does inside of Lua's protection.
struct State::Loader {
    static int load(lua_State* lua) {
        State& self = State::of(lua);
        open_sandbox(lua);
        open_gateway(lua, self);
        self.client_ = make_client_object(lua);
        self.request_ = make_request_object(lua, self.client_);
        lua_pushcfunction(lua, run_disconnected);
        self.disconnected_ = luaL_ref(lua, LUA_REGISTRYINDEX);
        const Script& script = *self.script_;
        const std::string chunk = "@" + script.name;
        // As text alone: bytecode can leave the sandbox.
        const int status =
            luaL_loadbufferx(lua, script.source.data(), script.source.size(), chunk.c_str(), "t");
        if (status != 0) return lua_error(lua);
        lua_call(lua, 0, 0);
        for (size_t hook = 0; hook < hook_count; ++hook) {
            lua_getglobal(lua, hook_names[hook]);
            if (lua_isnil(lua, -1)) {
                lua_pop(lua, 1);
                continue;
            }
            if (!lua_isfunction(lua, -1)) {
                return luaL_error(lua, "%s: %s must be a function, not a %s", script.name.c_str(),
                                  hook_names[hook], luaL_typename(lua, -1));
            }
            self.functions_[hook] = luaL_ref(lua, LUA_REGISTRYINDEX);
        }
        return 0;
    }
};

State::State(const Environment& environment, std::shared_ptr<const Script> script)
    : environment_(environment), script_(std::move(script)) {
    std::fill(std::begin(functions_), std::end(functions_), LUA_NOREF);
    lua_ = luaL_newstate();
    if (lua_ == nullptr) throw gateway::Error(script_->name + ": no memory for a Lua state");
    lua_allocate_ = lua_getallocf(lua_, &lua_allocate_ud_);
    used_bytes_ = static_cast<size_t>(lua_gc(lua_, LUA_GCCOUNT, 0)) * 1024;
    lua_setallocf(lua_, allocate, this);
    luaJIT_setmode(lua_, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    lua_sethook(lua_, on_count, LUA_MASKCOUNT, instructions_between_looks);
    begin(loading_limit_times);
    const int status = lua_cpcall(lua_, Loader::load, nullptr);
    if (status == 0) return;
    const std::string why = error_text(status);
    close();
    throw gateway::Error(why, GW_E_ARG);
}

State::~State() {
    close();
}

void State::close() {
    if (lua_ == nullptr) return;
    lua_setallocf(lua_, lua_allocate_, lua_allocate_ud_);  // it knows its allocator by its address
    lua_close(lua_);
    lua_ = nullptr;
}

State& State::of(lua_State* lua) {
    void* self = nullptr;
    lua_getallocf(lua, &self);
    return *static_cast<State*>(self);
}

void* State::allocate(void* self, void* block, size_t old_size, size_t new_size) {
    State& state = *static_cast<State*>(self);
    if (new_size > old_size &&
        state.used_bytes_ + (new_size - old_size) > state.environment_.limits.memory_bytes) {
        return nullptr;  // "not enough memory"
    }
    void* const result = state.lua_allocate_(state.lua_allocate_ud_, block, old_size, new_size);
    if (result != nullptr || new_size == 0) {
        state.used_bytes_ += new_size;
        state.used_bytes_ -= std::min(old_size, state.used_bytes_);
    }
    return result;
}

void State::begin(int64_t times) {
    // Short calls never come to a look, which asks the system for the time.
    instructions_left_ = environment_.limits.instructions * times + instructions_between_looks - 1;
    time_limit_ns_ = environment_.limits.time_ms * times * 1000000;
    time_end_ns_ = 0;
    if (over_ != nullptr) lua_sethook(lua_, on_count, LUA_MASKCOUNT, instructions_between_looks);
    over_ = nullptr;
}

void State::on_count(lua_State* lua, lua_Debug*) {
    State& state = of(lua);
    state.instructions_left_ -= instructions_between_looks;
    state.look_at_budget(lua);
}

void State::charge(lua_State* lua, int64_t instructions) {
    const int64_t before = instructions_left_ / instructions_between_looks;
    instructions_left_ -= instructions;
    if (instructions_left_ < 0 || instructions_left_ / instructions_between_looks != before)
        look_at_budget(lua);
}

void State::look_at_budget(lua_State* lua) {
    // Again and again until the call has ended: a script may catch the error with pcall.
    if (over_ != nullptr) overrun(lua, over_);
    if (instructions_left_ < 0) overrun(lua, "more than instruction_limit allows");
    const int64_t now = thread_cpu_ns();
    if (time_end_ns_ == 0) time_end_ns_ = now + time_limit_ns_;
    if (now > time_end_ns_) overrun(lua, "more CPU time than time_limit_ms allows");
    // The collector's own pace lets garbage grow to twice what lives: too late when that is half of the
    // limit.
    const size_t limit = environment_.limits.memory_bytes;
    if (used_bytes_ > limit / 4 * 3 && used_bytes_ > bytes_after_collection_ + limit / 8) {
        lua_gc(lua, LUA_GCCOLLECT, 0);
        bytes_after_collection_ = used_bytes_;
    }
}

void State::overrun(lua_State* lua, const char* text) {
    if (over_ == nullptr) lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);
    over_ = text;
    luaL_where(lua, 0);
    if (*lua_tostring(lua, -1) == '\0') {
        lua_pop(lua, 1);
        luaL_where(lua, 1);  // in a function of ours
    }
    lua_pushstring(lua, text);
    lua_concat(lua, 2);
    lua_error(lua);
    __builtin_unreachable();
}

std::string State::error_text(int status) const {
    if (status == LUA_ERRMEM) {
        return script_->name + ": more memory than memory_limit_mb allows (" +
               std::to_string(environment_.limits.memory_bytes >> 20) + " MB)";
    }
    if (lua_type(lua_, -1) == LUA_TSTRING) return lua_tostring(lua_, -1);
    return script_->name + ": an error that is a " + luaL_typename(lua_, -1) + ", not a text";
}

// The arguments of disconnected, whose reason is a new text: what may fail for want of memory is protected.
int State::run_disconnected(lua_State* lua) {
    const State& self = of(lua);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, self.functions_[static_cast<size_t>(Hook::disconnected)]);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, self.client_);
    lua_pushlstring(lua, self.call_->reason.data(), self.call_->reason.size());
    lua_pushinteger(lua, self.call_->code);
    lua_call(lua, 3, 1);
    return 1;
}

gateway::Verdict State::run(Hook hook, Call* call) {
    call_ = call;
    begin(1);
    int arguments = 1;
    if (hook == Hook::disconnected) {
        lua_rawgeti(lua_, LUA_REGISTRYINDEX, disconnected_);
        arguments = 0;
    } else {
        lua_rawgeti(lua_, LUA_REGISTRYINDEX, functions_[static_cast<size_t>(hook)]);
        lua_rawgeti(lua_, LUA_REGISTRYINDEX, hook == Hook::connected ? client_ : request_);
    }
    const int status = lua_pcall(lua_, arguments, 1, 0);
    call_ = nullptr;
    std::string why;
    if (status != 0) {
        why = error_text(status);
    } else if (!lua_isnil(lua_, -1)) {
        why = script_->name + ": it returned a " + luaL_typename(lua_, -1) +
              ", which says nothing: call req:reject, req:drop or req:answer";
    }
    lua_settop(lua_, 0);
    if (status == LUA_ERRMEM) lua_gc(lua_, LUA_GCCOLLECT, 0);
    if (!why.empty()) {
        throw gateway::Error(why + " (in " + hook_names[static_cast<size_t>(hook)] + ")");
    }
    return call->verdict;
}

}  // namespace lua
