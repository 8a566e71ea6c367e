// The object `client`: the connection that the running hook is about.
#include "api.h"
#include "json.h"

namespace lua {
namespace {

constexpr const char* type_name = "gateway.client";

gw_ctx* context_of(lua_State* lua) {
    luaL_checkudata(lua, 1, type_name);
    const Call* const call = State::of(lua).call();
    if (call == nullptr || call->context == nullptr) luaL_error(lua, "there is no client here");
    return call->context;
}

gw_client facts_of(lua_State* lua) {
    gw_client facts{};
    facts.struct_size = static_cast<uint32_t>(sizeof facts);
    const int32_t code = host_of(lua)->client(context_of(lua), &facts);
    if (code == GW_E_STATE)
        luaL_error(lua, "a handshake has no client yet: req:get(\"user_id\") and the like");
    check_code(lua, code, "client");
    return facts;
}

template <gw_str gw_client::*Member>
int fact(lua_State* lua) {
    push_text(lua, facts_of(lua).*Member);
    return 1;
}

int connected_at(lua_State* lua) {
    lua_pushnumber(lua, static_cast<double>(facts_of(lua).connected_at_ms) / 1000);
    return 1;
}

int get(lua_State* lua) {
    gw_str value{nullptr, 0};
    const int32_t code = host_of(lua)->attr_get(context_of(lua), text_argument(lua, 2), &value);
    if (code == GW_E_NOTFOUND) {
        lua_pushnil(lua);
        return 1;
    }
    check_code(lua, code, "get");
    push_text(lua, value);
    return 1;
}

int set(lua_State* lua) {
    gw_ctx* const context = context_of(lua);
    luaL_checkany(lua, 3);
    const gw_str value = lua_isnil(lua, 3) ? gw_str{nullptr, 0} : text_argument(lua, 3);
    check_code(lua, host_of(lua)->attr_set(context, text_argument(lua, 2), value), "set");
    return 0;
}

int send(lua_State* lua) {
    gw_ctx* const context = context_of(lua);
    check_code(lua, host_of(lua)->send(context, json_argument(lua, 2)), "send");
    return 0;
}

int close(lua_State* lua) {
    gw_ctx* const context = context_of(lua);
    const auto code = static_cast<int32_t>(luaL_checkinteger(lua, 2));
    check_code(lua, host_of(lua)->close(context, code, text_argument(lua, 3)), "close");
    return 0;
}

template <int32_t (*gw_host::*Function)(gw_inst*, gw_conn_id, gw_str)>
int topic(lua_State* lua) {
    gw_ctx* const context = context_of(lua);
    const gw_host* const host = host_of(lua);
    if (host->*Function == nullptr) return luaL_error(lua, "this gatewayd has no topics");
    const int32_t code = (host->*Function)(inst_of(lua), host->conn_id(context), text_argument(lua, 2));
    if (code != GW_E_STALE) check_code(lua, code, "subscribe");
    lua_pushboolean(lua, code != GW_E_STALE);
    return 1;
}

}  // namespace

int make_client_object(lua_State* lua) {
    const luaL_Reg methods[] = {{"client_id", fact<&gw_client::client_id>},
                                {"user_id", fact<&gw_client::user_id>},
                                {"user_type", fact<&gw_client::user_type>},
                                {"address", fact<&gw_client::remote_address>},
                                {"connected_at", connected_at},
                                {"get", get},
                                {"set", set},
                                {"send", send},
                                {"close", close},
                                {"subscribe", topic<&gw_host::subscribe>},
                                {"unsubscribe", topic<&gw_host::unsubscribe>}};
    lua_newuserdata(lua, 1);
    luaL_newmetatable(lua, type_name);
    lua_newtable(lua);
    for (const luaL_Reg& method : methods) {
        lua_pushcfunction(lua, method.func);
        lua_setfield(lua, -2, method.name);
    }
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    return luaL_ref(lua, LUA_REGISTRYINDEX);
}

}  // namespace lua
