// JSON as values of Lua and back: objects and lists are tables, null is gateway.null. A list keeps being one
// when it is empty, by its metatable; gateway.array(t) gives a table of a script that mark.
#ifndef GATEWAY_PLUGINS_LUA_JSON_H
#define GATEWAY_PLUGINS_LUA_JSON_H

#include <lua.hpp>
#include <string>
#include <string_view>

namespace lua {

constexpr int max_json_depth = 64;

// Pushes the value; raises "no valid JSON at byte N: why".
void push_json(lua_State* lua, std::string_view json);
// Appends the value at index to *out, which is not on the C++ stack. Raises what JSON cannot say: functions,
// NaN, tables within themselves or deeper than max_json_depth, keys that are no text.
void append_json(lua_State* lua, int index, std::string* out);
// Pushes the metatable that marks lists.
void push_array_mark(lua_State* lua);

}  // namespace lua

#endif
