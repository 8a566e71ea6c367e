// The object `req`: the request that the running hook is about. One for each state: a script that keeps it
// finds the request of then, never one that is over.
#include <cstring>

#include "api.h"
#include "json.h"

namespace lua {
namespace {

constexpr const char* type_name = "gateway.request";

Call& call_of(lua_State* lua) {
    luaL_checkudata(lua, 1, type_name);
    Call* const call = State::of(lua).call();
    if (call == nullptr || call->request == nullptr) luaL_error(lua, "there is no request here");
    return *call;
}

// A call ends in one way.
void decide(Call& call, gateway::Verdict verdict, const char* how) {
    call.verdict = verdict;
    call.decided_by = how;
}
void check_undecided(lua_State* lua, const Call& call) {
    if (call.decided_by != nullptr) luaL_error(lua, "req:%s was called before", call.decided_by);
}

int get(lua_State* lua) {
    const Call& call = call_of(lua);
    gw_str value{nullptr, 0};
    const int32_t code = host_of(lua)->field(call.request, text_argument(lua, 2), &value);
    if (code == GW_E_NOTFOUND) {
        lua_pushnil(lua);
        return 1;
    }
    check_code(lua, code, "get");
    if (code == GW_FIELD_JSON) {
        push_json(lua, gateway::to_view(value));
    } else {
        push_text(lua, value);
    }
    return 1;
}

int set(lua_State* lua) {
    const Call& call = call_of(lua);
    const gw_host* const host = host_of(lua);
    const gw_str name = text_argument(lua, 2);
    luaL_checkany(lua, 3);
    if (lua_type(lua, 3) == LUA_TSTRING) {
        check_code(lua, host->set_field(call.request, name, text_argument(lua, 3)), "set");
        return 0;
    }
    std::string& json = State::of(lua).scratch();
    json.clear();
    if (!lua_isnil(lua, 3)) append_json(lua, 3, &json);
    check_code(lua, host->set_json(call.request, name, gateway::to_gw(json)), "set");
    return 0;
}

int kind(lua_State* lua) {
    const uint32_t bit = host_of(lua)->kind(call_of(lua).request);
    for (size_t hook = 0; hook < 5; ++hook) {
        if (bit == UINT32_C(1) << hook) lua_pushstring(lua, hook_names[hook]);
    }
    return 1;
}

int is_binary(lua_State* lua) {
    lua_pushboolean(lua, host_of(lua)->is_binary(call_of(lua).request) == 1);
    return 1;
}

template <int32_t (*gw_host::*Function)(const gw_req*, gw_str, gw_str*)>
int look_up(lua_State* lua) {
    const Call& call = call_of(lua);
    gw_str value{nullptr, 0};
    const int32_t code = (host_of(lua)->*Function)(call.request, text_argument(lua, 2), &value);
    if (code == GW_E_NOTFOUND) {
        lua_pushnil(lua);
        return 1;
    }
    check_code(lua, code, "header or query");
    push_text(lua, value);
    return 1;
}

int set_response_header(lua_State* lua) {
    const Call& call = call_of(lua);
    check_code(lua,
               host_of(lua)->set_response_header(call.request, text_argument(lua, 2), text_argument(lua, 3)),
               "set_response_header");
    return 0;
}

int payload(lua_State* lua) {
    push_text(lua, host_of(lua)->payload(call_of(lua).request));
    return 1;
}

int as_table(lua_State* lua) {
    push_json(lua, gateway::to_view(host_of(lua)->payload(call_of(lua).request)));
    return 1;
}

int replace(lua_State* lua) {
    const Call& call = call_of(lua);
    check_code(lua, host_of(lua)->replace_payload(call.request, json_argument(lua, 2)), "replace");
    return 0;
}

int answer(lua_State* lua) {
    Call& call = call_of(lua);
    check_undecided(lua, call);
    check_code(lua, host_of(lua)->answer(call.request, json_argument(lua, 2)), "answer");
    decide(call, gateway::Done, "answer");
    return 0;
}

struct Word {
    int32_t status;
    const char* word;
};
constexpr Word words[] = {{400, "invalid_request"}, {401, "unauthorized"}, {403, "forbidden"},
                          {404, "not_found"},       {409, "conflict"},     {429, "rate_limited"},
                          {503, "unavailable"}};

// A status and its word, from either: handshakes need the one, messages the other.
int reject(lua_State* lua) {
    Call& call = call_of(lua);
    check_undecided(lua, call);
    int32_t status = 403;
    gw_str word = GW_STR("forbidden");
    if (lua_type(lua, 2) == LUA_TNUMBER) {
        status = static_cast<int32_t>(lua_tointeger(lua, 2));
        for (const Word& known : words) {
            if (known.status == status) word = gw_str{known.word, std::strlen(known.word)};
        }
    } else {
        word = text_argument(lua, 2);
        for (const Word& known : words) {
            if (gateway::to_view(word) == known.word) status = known.status;
        }
    }
    check_code(lua, host_of(lua)->reject(call.request, status, word, text_argument(lua, 3)), "reject");
    decide(call, gateway::Done, "reject");
    return 0;
}

int drop(lua_State* lua) {
    Call& call = call_of(lua);
    check_undecided(lua, call);
    decide(call, gateway::Drop, "drop");
    return 0;
}

int claim(lua_State* lua) {
    Call& call = call_of(lua);
    check_undecided(lua, call);
    decide(call, gateway::Done, "claim");
    return 0;
}

constexpr const char* destination_kinds[] = {"none", "client", "user", "topic", "all", nullptr};

int destination(lua_State* lua) {
    const Call& call = call_of(lua);
    gw_destination to{};
    to.struct_size = static_cast<uint32_t>(sizeof to);
    check_code(lua, host_of(lua)->get_destination(call.request, &to), "destination");
    lua_pushstring(lua, to.kind <= GW_DEST_ALL ? destination_kinds[to.kind] : "none");
    push_text(lua, to.id);
    lua_pushboolean(lua, (to.flags & GW_DEST_NOT_SENDER) != 0);
    return 3;
}

int set_destination(lua_State* lua) {
    const Call& call = call_of(lua);
    gw_destination to = destination_argument(lua, 2);
    if (lua_toboolean(lua, 4)) to.flags = GW_DEST_NOT_SENDER;
    check_code(lua, host_of(lua)->set_destination(call.request, &to), "set_destination");
    return 0;
}

int client(lua_State* lua) {
    if (call_of(lua).context == nullptr) {
        lua_pushnil(lua);
        return 1;
    }
    lua_pushvalue(lua, lua_upvalueindex(1));
    return 1;
}

}  // namespace

gw_destination destination_argument(lua_State* lua, int index) {
    gw_destination to{};
    to.struct_size = static_cast<uint32_t>(sizeof to);
    to.kind = static_cast<uint32_t>(luaL_checkoption(lua, index, nullptr, destination_kinds));
    if (to.kind != GW_DEST_NONE && to.kind != GW_DEST_ALL) to.id = text_argument(lua, index + 1);
    return to;
}

int make_request_object(lua_State* lua, int client_object) {
    const luaL_Reg methods[] = {{"get", get},
                                {"set", set},
                                {"kind", kind},
                                {"is_binary", is_binary},
                                {"header", look_up<&gw_host::header>},
                                {"query", look_up<&gw_host::query>},
                                {"set_response_header", set_response_header},
                                {"payload", payload},
                                {"table", as_table},
                                {"replace", replace},
                                {"answer", answer},
                                {"reject", reject},
                                {"drop", drop},
                                {"claim", claim},
                                {"destination", destination},
                                {"set_destination", set_destination}};
    lua_newuserdata(lua, 1);
    luaL_newmetatable(lua, type_name);
    lua_newtable(lua);
    for (const luaL_Reg& method : methods) {
        lua_pushcfunction(lua, method.func);
        lua_setfield(lua, -2, method.name);
    }
    lua_rawgeti(lua, LUA_REGISTRYINDEX, client_object);
    lua_pushcclosure(lua, client, 1);
    lua_setfield(lua, -2, "client");
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
    return luaL_ref(lua, LUA_REGISTRYINDEX);
}

}  // namespace lua
