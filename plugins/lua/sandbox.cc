#include <chrono>

#include "api.h"

namespace lua {
namespace {

// What loads code (bytecode can leave the sandbox), reaches another function's environment, or stops the
// collector.
constexpr const char* removed[] = {"collectgarbage", "dofile", "gcinfo",   "getfenv", "load",   "loadfile",
                                   "loadstring",     "module", "newproxy", "require", "setfenv"};

int print(lua_State* lua) {
    const int count = lua_gettop(lua);
    for (int i = 1; i <= count; ++i) {
        if (i > 1) lua_pushstring(lua, "\t");
        lua_getglobal(lua, "tostring");
        lua_pushvalue(lua, i);
        lua_call(lua, 1, 1);
        if (!lua_isstring(lua, -1)) return luaL_error(lua, "'tostring' must return a text to 'print'");
    }
    lua_concat(lua, lua_gettop(lua) - count);
    host_of(lua)->log(inst_of(lua), GW_LOG_INFO, text_argument(lua, -1));
    return 0;
}

// LuaJIT's own calls the handler from inside of the hook that ended a call, where nothing is counted: one
// that never returns would never be ended. Here it runs when the error has left the function.
int xpcall(lua_State* lua) {
    luaL_checkany(lua, 2);
    lua_pushvalue(lua, 1);
    lua_remove(lua, 1);
    lua_insert(lua, 2);  // handler, function, its arguments
    if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) == 0) {
        lua_pushboolean(lua, 1);
        lua_replace(lua, 1);
        return lua_gettop(lua);
    }
    if (State::of(lua).is_over()) return lua_error(lua);
    lua_call(lua, 1, 1);
    lua_pushboolean(lua, 0);
    lua_insert(lua, -2);
    return 2;
}

void open(lua_State* lua, lua_CFunction library, const char* name) {
    lua_pushcfunction(lua, library);
    lua_pushstring(lua, name);
    lua_call(lua, 1, 0);
}

}  // namespace

void open_sandbox(lua_State* lua) {
    open(lua, luaopen_base, "");
    open(lua, luaopen_table, LUA_TABLIBNAME);
    open(lua, luaopen_string, LUA_STRLIBNAME);
    open(lua, luaopen_math, LUA_MATHLIBNAME);
    open(lua, luaopen_bit, LUA_BITLIBNAME);
    for (const char* name : removed) {
        lua_pushnil(lua);
        lua_setglobal(lua, name);
    }
    lua_register(lua, "print", print);
    lua_register(lua, "xpcall", xpcall);
    lua_getglobal(lua, "string");
    lua_pushnil(lua);
    lua_setfield(lua, -2, "dump");
    open_patterns(lua);
    lua_pop(lua, 1);
    // Every state would give the same numbers otherwise.
    lua_getglobal(lua, "math");
    lua_getfield(lua, -1, "randomseed");
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    lua_pushnumber(lua,
                   static_cast<double>((now ^ static_cast<int64_t>(reinterpret_cast<intptr_t>(lua) >> 4)) &
                                       INT64_C(0xFFFFFFFFFFFF)));
    lua_call(lua, 1, 0);
    lua_pop(lua, 1);
}

}  // namespace lua
