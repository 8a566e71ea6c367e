// What a script finds in its state: the sandbox, `gateway`, and the objects `req` and `client`. All run
// inside of Lua's protection, and end with an error of Lua when they are called wrongly; so no function here
// keeps what has a destructor while it calls Lua.
#ifndef GATEWAY_PLUGINS_LUA_API_H
#define GATEWAY_PLUGINS_LUA_API_H

#include <gateway/plugin.hpp>
#include <lua.hpp>

#include "state.h"

namespace lua {

// The libraries that scripts have, less what reaches out of them.
void open_sandbox(lua_State* lua);
// string.find, match, gmatch and gsub whose work is counted; the table `string` is on top.
void open_patterns(lua_State* lua);
// The global `gateway`.
void open_gateway(lua_State* lua, const State& state);
// References to the objects, in the registry. req:client() hands out client_object.
int make_client_object(lua_State* lua);
int make_request_object(lua_State* lua, int client_object);

// --- for these functions ---

inline const gw_host* host_of(lua_State* lua) {
    return State::of(lua).environment().host.raw();
}
inline gw_inst* inst_of(lua_State* lua) {
    return State::of(lua).environment().host.inst();
}
gw_str text_argument(lua_State* lua, int index);
// A Hub message or other JSON: text as it is, a table as JSON. Until the next use of State::scratch().
gw_str json_argument(lua_State* lua, int index);
// (kind, id) from this index on: "user", "u2".
gw_destination destination_argument(lua_State* lua, int index);
void push_text(lua_State* lua, gw_str text);
// Raises "function: what the code means" below 0.
void check_code(lua_State* lua, int32_t code, const char* function);

}  // namespace lua

#endif
