// The global `gateway`: log, time, publish, who is online, JSON, gateway.shared. And what all functions of
// the API share.
#include <time.h>

#include <cmath>
#include <limits>

#include "api.h"
#include "json.h"

namespace lua {

gw_str text_argument(lua_State* lua, int index) {
    size_t length = 0;
    const char* const text = luaL_checklstring(lua, index, &length);
    return gw_str{text, length};
}

gw_str json_argument(lua_State* lua, int index) {
    if (lua_type(lua, index) != LUA_TTABLE) return text_argument(lua, index);
    std::string& json = State::of(lua).scratch();
    json.clear();
    append_json(lua, index, &json);
    return gateway::to_gw(json);
}

void push_text(lua_State* lua, gw_str text) {
    lua_pushlstring(lua, text.len == 0 ? "" : text.ptr, static_cast<size_t>(text.len));
}

void check_code(lua_State* lua, int32_t code, const char* function) {
    if (code < 0) luaL_error(lua, "%s: %s", function, gateway::error_name(code));
}

namespace {

// --- log and time ---

int log(lua_State* lua) {
    static constexpr const char* levels[] = {"debug", "info", "warn", "error", nullptr};
    const int level = luaL_checkoption(lua, 1, nullptr, levels);
    host_of(lua)->log(inst_of(lua), level, text_argument(lua, 2));
    return 0;
}

int now(lua_State* lua) {
    lua_pushnumber(lua, static_cast<double>(host_of(lua)->wall_time_ms()) / 1000);
    return 1;
}

// gateway.date(seconds, offset in minutes): the fields of a time, there; without the offset: where the
// gateway is.
int date(lua_State* lua) {
    const double seconds = lua_isnoneornil(lua, 1) ? static_cast<double>(host_of(lua)->wall_time_ms()) / 1000
                                                   : luaL_checknumber(lua, 1);
    luaL_argcheck(lua, std::fabs(seconds) < 1e11, 1, "no time");
    auto time = static_cast<time_t>(std::floor(seconds));
    struct tm fields {};
    if (lua_isnoneornil(lua, 2)) {
        ::localtime_r(&time, &fields);
    } else {
        const double offset = luaL_checknumber(lua, 2);
        luaL_argcheck(lua, std::fabs(offset) <= 24 * 60, 2, "an offset in minutes, at most a day");
        time += static_cast<time_t>(offset * 60);
        ::gmtime_r(&time, &fields);
    }
    lua_createtable(lua, 0, 8);
    const auto set = [lua](const char* name, int value) {
        lua_pushinteger(lua, value);
        lua_setfield(lua, -2, name);
    };
    set("year", fields.tm_year + 1900);
    set("month", fields.tm_mon + 1);
    set("day", fields.tm_mday);
    set("hour", fields.tm_hour);
    set("min", fields.tm_min);
    set("sec", fields.tm_sec);
    set("wday", fields.tm_wday + 1);  // 1: Sunday, as in Lua's os.date
    set("yday", fields.tm_yday + 1);
    return 1;
}

// --- the Hub ---

int publish(lua_State* lua) {
    const gw_host* const host = host_of(lua);
    if (host->publish == nullptr) return luaL_error(lua, "this gatewayd has no publish");
    const gw_destination to = destination_argument(lua, 1);
    const int32_t code = host->publish(inst_of(lua), &to, json_argument(lua, 3), nullptr, nullptr);
    check_code(lua, code, "publish");
    return 0;
}

// How many connections a user has.
int online(lua_State* lua) {
    const gw_host* const host = host_of(lua);
    if (host->client_list == nullptr) return luaL_error(lua, "this gatewayd has no client_list");
    const gw_str user_id = text_argument(lua, 1);
    luaL_argcheck(lua, user_id.len > 0, 1, "a user_id");
    const auto count_on = [](void*, const gw_client*) -> int32_t { return 0; };
    const int64_t count = host->client_list(inst_of(lua), user_id, 1000, count_on, nullptr);
    check_code(lua, count < 0 ? static_cast<int32_t>(count) : GW_OK, "online");
    lua_pushnumber(lua, static_cast<double>(count));
    return 1;
}

// --- JSON ---

int json_encode(lua_State* lua) {
    luaL_checkany(lua, 1);
    std::string& json = State::of(lua).scratch();
    json.clear();
    append_json(lua, 1, &json);
    lua_pushlstring(lua, json.data(), json.size());
    return 1;
}
int json_decode(lua_State* lua) {
    push_json(lua, gateway::to_view(text_argument(lua, 1)));
    return 1;
}
int array(lua_State* lua) {
    if (lua_isnoneornil(lua, 1)) {
        lua_settop(lua, 0);
        lua_newtable(lua);
    }
    luaL_checktype(lua, 1, LUA_TTABLE);
    push_array_mark(lua);
    lua_setmetatable(lua, 1);
    lua_settop(lua, 1);
    return 1;
}

// --- gateway.shared ---

std::string_view key_argument(lua_State* lua) {
    const std::string_view key = gateway::to_view(text_argument(lua, 1));
    luaL_argcheck(lua, !key.empty() && key.size() <= max_shared_key_bytes, 1, "a text of 1 to 256 bytes");
    return key;
}
// From now; 0: never.
uint64_t end_argument(lua_State* lua, int index, uint64_t now_ns) {
    if (lua_isnoneornil(lua, index)) return 0;
    const double seconds = luaL_checknumber(lua, index);
    luaL_argcheck(lua, seconds > 0 && seconds <= 1e9, index, "seconds, more than 0");
    return now_ns + static_cast<uint64_t>(seconds * 1e9);
}

int shared_get(lua_State* lua) {
    State& state = State::of(lua);
    SharedStore::Value& value = state.shared_value();
    if (!state.environment().shared->get(key_argument(lua), host_of(lua)->now_ns(), &value)) {
        lua_pushnil(lua);
    } else if (const bool* flag = std::get_if<bool>(&value)) {
        lua_pushboolean(lua, *flag);
    } else if (const double* number = std::get_if<double>(&value)) {
        lua_pushnumber(lua, *number);
    } else {
        const std::string& text = std::get<std::string>(value);
        lua_pushlstring(lua, text.data(), text.size());
    }
    return 1;
}

// True, or false when the store is full.
int shared_set(lua_State* lua) {
    SharedStore& shared = *State::of(lua).environment().shared;
    const uint64_t now_ns = host_of(lua)->now_ns();
    const std::string_view key = key_argument(lua);
    const uint64_t end_ns = end_argument(lua, 3, now_ns);
    bool done = true;
    switch (lua_type(lua, 2)) {
        case LUA_TNIL:
            shared.remove(key);
            break;
        case LUA_TBOOLEAN:
            done = shared.set(key, lua_toboolean(lua, 2) != 0, now_ns, end_ns);
            break;
        case LUA_TNUMBER:
            done = shared.set(key, lua_tonumber(lua, 2), now_ns, end_ns);
            break;
        default: {
            const std::string_view text = gateway::to_view(text_argument(lua, 2));
            luaL_argcheck(lua, text.size() <= max_shared_value_bytes, 2, "a text of at most 4096 bytes");
            done = shared.set(key, std::string(text), now_ns, end_ns);
        }
    }
    lua_pushboolean(lua, done);
    return 1;
}

// The new number; nil when the store is full or the value is no number.
int shared_add(lua_State* lua) {
    const uint64_t now_ns = host_of(lua)->now_ns();
    const std::string_view key = key_argument(lua);
    const double amount = luaL_optnumber(lua, 2, 1);
    const uint64_t end_ns = end_argument(lua, 3, now_ns);
    const auto sum = State::of(lua).environment().shared->add(key, amount, now_ns, end_ns);
    if (sum) {
        lua_pushnumber(lua, *sum);
    } else {
        lua_pushnil(lua);
    }
    return 1;
}

void set_functions(lua_State* lua, std::initializer_list<luaL_Reg> functions) {
    for (const luaL_Reg& function : functions) {
        lua_pushcfunction(lua, function.func);
        lua_setfield(lua, -2, function.name);
    }
}

}  // namespace

void open_gateway(lua_State* lua, const State& state) {
    lua_newtable(lua);
    set_functions(lua, {{"log", log},
                        {"now", now},
                        {"date", date},
                        {"publish", publish},
                        {"online", online},
                        {"array", array}});
    lua_newtable(lua);
    set_functions(lua, {{"encode", json_encode}, {"decode", json_decode}});
    lua_setfield(lua, -2, "json");
    lua_newtable(lua);
    set_functions(lua, {{"get", shared_get}, {"set", shared_set}, {"add", shared_add}});
    lua_setfield(lua, -2, "shared");
    lua_pushlightuserdata(lua, nullptr);
    lua_setfield(lua, -2, "null");
    push_json(lua, state.script().config_json);
    lua_setfield(lua, -2, "config");
    lua_pushstring(lua, state.script().name.c_str());
    lua_setfield(lua, -2, "script");
    lua_setglobal(lua, "gateway");
}

}  // namespace lua
