// string.find, match, gmatch and gsub with the patterns of Lua, whose work is counted. LuaJIT's own go
// through a text in one instruction, however long that takes, and some patterns take longer than the world
// stands:
// ("a*"):rep(20) .. "b" on a text of a client's. Here each step counts as an instruction of the call.
#include <cctype>
#include <cstring>

#include "api.h"

namespace lua {
namespace {

constexpr int max_captures = 32;
constexpr int max_depth = 200;  // of what a pattern tries within itself
constexpr char escape = '%';

bool is_of_class(unsigned char c, unsigned char name) {
    const auto ascii = [c](int (*test)(int)) { return c < 128 && test(c) != 0; };
    bool found = false;
    switch (std::tolower(name)) {
        case 'a':
            found = ascii(std::isalpha);
            break;
        case 'c':
            found = ascii(std::iscntrl);
            break;
        case 'd':
            found = ascii(std::isdigit);
            break;
        case 'g':
            found = ascii(std::isgraph);
            break;
        case 'l':
            found = ascii(std::islower);
            break;
        case 'p':
            found = ascii(std::ispunct);
            break;
        case 's':
            found = ascii(std::isspace);
            break;
        case 'u':
            found = ascii(std::isupper);
            break;
        case 'w':
            found = ascii(std::isalnum);
            break;
        case 'x':
            found = ascii(std::isxdigit);
            break;
        case 'z':
            found = c == 0;
            break;
        default:
            return c == name;
    }
    return std::isupper(name) ? !found : found;
}

// One pattern on one text. Only pointers: errors of Lua pass by it.
class Matcher {
   public:
    Matcher(lua_State* lua, const char* text, size_t text_length, const char* pattern, size_t pattern_length)
        : lua_(lua),
          state_(State::of(lua)),
          text_(text),
          text_end_(text + text_length),
          pattern_(pattern),
          pattern_end_(pattern + pattern_length) {
        anchored_ = pattern_ != pattern_end_ && *pattern_ == '^';
        pattern_ += anchored_;
    }

    bool anchored() const { return anchored_; }
    // Where the match that begins here ends; null: there is none.
    const char* match_at(const char* from) {
        captures_ = 0;
        depth_ = 0;
        return match(from, pattern_);
    }
    // The first match from here on: [*begin, *end).
    bool search(const char* from, const char** begin, const char** end) {
        for (;; ++from) {
            *end = match_at(from);
            *begin = from;
            if (*end != nullptr) return true;
            if (anchored_ || from == text_end_) return false;
        }
    }
    // Pushes the captures, or, when there are none and whole is set, the match itself. Returns how many.
    int push_captures(const char* begin, const char* end, bool whole) {
        const int count = captures_ == 0 && whole ? 1 : captures_;
        luaL_checkstack(lua_, count, "too many captures");
        for (int i = 0; i < count; ++i)
            push_capture(i, begin, end);
        return count;
    }
    void push_capture(int index, const char* begin, const char* end) {
        if (index == 0 && captures_ == 0) {
            lua_pushlstring(lua_, begin, static_cast<size_t>(end - begin));
            return;
        }
        if (index >= captures_) luaL_error(lua_, "invalid capture index %%%d", index + 1);
        const Capture& capture = capture_[index];
        if (capture.length == open) luaL_error(lua_, "unfinished capture");
        if (capture.length == position) {
            lua_pushinteger(lua_, capture.begin - text_ + 1);
        } else {
            lua_pushlstring(lua_, capture.begin, static_cast<size_t>(capture.length));
        }
    }
    const char* text_end() const { return text_end_; }

   private:
    static constexpr ptrdiff_t open = -1;
    static constexpr ptrdiff_t position = -2;
    struct Capture {
        const char* begin;
        ptrdiff_t length;
    };

    void step() { state_.charge(lua_, 1); }

    // Behind the single item (a character, a class, a set) that begins at p.
    const char* item_end(const char* p) {
        if (*p == escape) {
            if (p + 1 == pattern_end_) luaL_error(lua_, "malformed pattern (ends with '%%')");
            return p + 2;
        }
        if (*p != '[') return p + 1;
        ++p;
        if (p != pattern_end_ && *p == '^') ++p;
        do {  // a ']' at the beginning is one of the set
            if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
            if (*p++ == escape) {
                if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
                ++p;
            }
        } while (p == pattern_end_ || *p != ']');
        return p + 1;
    }
    // p: at '['; set_end: at its ']'.
    static bool is_in_set(unsigned char c, const char* p, const char* set_end) {
        bool wanted = true;
        if (p[1] == '^') {
            wanted = false;
            ++p;
        }
        while (++p < set_end) {
            if (*p == escape) {
                ++p;
                if (is_of_class(c, static_cast<unsigned char>(*p))) return wanted;
            } else if (p[1] == '-' && p + 2 < set_end) {
                if (static_cast<unsigned char>(*p) <= c && c <= static_cast<unsigned char>(p[2]))
                    return wanted;
                p += 2;
            } else if (static_cast<unsigned char>(*p) == c) {
                return wanted;
            }
        }
        return !wanted;
    }
    bool fits(const char* at, const char* p, const char* behind) {
        step();
        if (at == text_end_) return false;
        const auto c = static_cast<unsigned char>(*at);
        switch (*p) {
            case '.':
                return true;
            case escape:
                return is_of_class(c, static_cast<unsigned char>(p[1]));
            case '[':
                return is_in_set(c, p, behind - 1);
            default:
                return static_cast<unsigned char>(*p) == c;
        }
    }

    const char* match(const char* at, const char* p) {
        if (++depth_ > max_depth) luaL_error(lua_, "pattern too complex");
        const char* const end = match_from(at, p);
        --depth_;
        return end;
    }
    // What needs no way back goes on here; the rest calls match.
    const char* match_from(const char* at, const char* p) {
        for (;;) {
            step();
            if (p == pattern_end_) return at;
            if (*p == '(') {
                if (p + 1 != pattern_end_ && p[1] == ')') return begin_capture(at, p + 2, position);
                return begin_capture(at, p + 1, open);
            }
            if (*p == ')') return end_capture(at, p + 1);
            if (*p == '$' && p + 1 == pattern_end_) return at == text_end_ ? at : nullptr;
            if (*p == escape && p + 1 != pattern_end_) {
                if (p[1] == 'b') {
                    at = match_balance(at, p + 2);
                    if (at == nullptr) return nullptr;
                    p += 4;
                    continue;
                }
                if (p[1] == 'f') {
                    p += 2;
                    if (p == pattern_end_ || *p != '[')
                        luaL_error(lua_, "missing '[' after '%%f' in pattern");
                    const char* const behind = item_end(p);
                    const auto before = static_cast<unsigned char>(at == text_ ? '\0' : at[-1]);
                    const auto here = static_cast<unsigned char>(at == text_end_ ? '\0' : *at);
                    if (is_in_set(before, p, behind - 1) || !is_in_set(here, p, behind - 1)) return nullptr;
                    p = behind;
                    continue;
                }
                if (std::isdigit(static_cast<unsigned char>(p[1]))) {
                    at = match_capture(at, p[1]);
                    if (at == nullptr) return nullptr;
                    p += 2;
                    continue;
                }
            }
            const char* const behind = item_end(p);
            const char repeat = behind == pattern_end_ ? '\0' : *behind;
            if (repeat == '*') return match_most(at, p, behind, 0);
            if (repeat == '+') return match_most(at, p, behind, 1);
            if (repeat == '-') return match_least(at, p, behind);
            if (repeat == '?') {
                if (fits(at, p, behind)) {
                    if (const char* const end = match(at + 1, behind + 1)) return end;
                }
                p = behind + 1;
                continue;
            }
            if (!fits(at, p, behind)) return nullptr;
            ++at;
            p = behind;
        }
    }
    const char* match_most(const char* at, const char* p, const char* behind, ptrdiff_t least) {
        ptrdiff_t count = 0;
        while (fits(at + count, p, behind))
            ++count;
        for (; count >= least; --count) {
            if (const char* const end = match(at + count, behind + 1)) return end;
        }
        return nullptr;
    }
    const char* match_least(const char* at, const char* p, const char* behind) {
        for (;; ++at) {
            if (const char* const end = match(at, behind + 1)) return end;
            if (!fits(at, p, behind)) return nullptr;
        }
    }
    const char* match_balance(const char* at, const char* p) {
        if (pattern_end_ - p < 2) luaL_error(lua_, "missing arguments to '%%b'");
        if (at == text_end_ || *at != p[0]) return nullptr;
        int level = 1;
        while (++at != text_end_) {
            step();
            if (*at == p[1]) {
                if (--level == 0) return at + 1;
            } else if (*at == p[0]) {
                ++level;
            }
        }
        return nullptr;
    }
    const char* match_capture(const char* at, char name) {
        const int index = name - '1';
        if (index < 0 || index >= captures_ || capture_[index].length < 0) {
            luaL_error(lua_, "invalid capture index %%%d", index + 1);
        }
        const auto length = static_cast<size_t>(capture_[index].length);
        state_.charge(lua_, static_cast<int64_t>(length / 16));
        if (static_cast<size_t>(text_end_ - at) < length) return nullptr;
        return std::memcmp(capture_[index].begin, at, length) == 0 ? at + length : nullptr;
    }
    const char* begin_capture(const char* at, const char* p, ptrdiff_t length) {
        if (captures_ == max_captures) luaL_error(lua_, "too many captures");
        capture_[captures_++] = {at, length};
        const char* const end = match(at, p);
        if (end == nullptr) --captures_;
        return end;
    }
    const char* end_capture(const char* at, const char* p) {
        int index = captures_ - 1;
        while (index >= 0 && capture_[index].length != open)
            --index;
        if (index < 0) luaL_error(lua_, "invalid pattern capture");
        capture_[index].length = at - capture_[index].begin;
        const char* const end = match(at, p);
        if (end == nullptr) capture_[index].length = open;
        return end;
    }

    lua_State* lua_;
    State& state_;
    const char* text_;
    const char* text_end_;
    const char* pattern_;
    const char* pattern_end_;
    bool anchored_ = false;
    int depth_ = 0;
    int captures_ = 0;
    Capture capture_[max_captures];
};

bool has_specials(const char* pattern, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        if (std::strchr("^$*+?.([%-", pattern[i]) != nullptr && pattern[i] != '\0') return true;
    }
    return false;
}

int find_or_match(lua_State* lua, bool find) {
    size_t text_length = 0;
    size_t pattern_length = 0;
    const char* const text = luaL_checklstring(lua, 1, &text_length);
    const char* const pattern = luaL_checklstring(lua, 2, &pattern_length);
    ptrdiff_t first = luaL_optinteger(lua, 3, 1);
    if (first < 0) first += static_cast<ptrdiff_t>(text_length) + 1;
    if (first < 1) first = 1;
    if (static_cast<size_t>(first) > text_length + 1) {
        lua_pushnil(lua);
        return 1;
    }
    const char* const from = text + first - 1;
    if (find && (lua_toboolean(lua, 4) || !has_specials(pattern, pattern_length))) {
        const size_t left = text_length - static_cast<size_t>(first - 1);
        State::of(lua).charge(lua, static_cast<int64_t>(left / 16));
        const void* const found = ::memmem(from, left, pattern, pattern_length);
        if (found == nullptr) {
            lua_pushnil(lua);
            return 1;
        }
        const ptrdiff_t place = static_cast<const char*>(found) - text;
        lua_pushinteger(lua, place + 1);
        lua_pushinteger(lua, place + static_cast<ptrdiff_t>(pattern_length));
        return 2;
    }
    Matcher matcher(lua, text, text_length, pattern, pattern_length);
    const char* begin = nullptr;
    const char* end = nullptr;
    if (!matcher.search(from, &begin, &end)) {
        lua_pushnil(lua);
        return 1;
    }
    if (!find) return matcher.push_captures(begin, end, true);
    lua_pushinteger(lua, begin - text + 1);
    lua_pushinteger(lua, end - text);
    return 2 + matcher.push_captures(begin, end, false);
}

int find(lua_State* lua) {
    return find_or_match(lua, true);
}
int match(lua_State* lua) {
    return find_or_match(lua, false);
}

// Upvalues: text, pattern, where to look on.
int next_match(lua_State* lua) {
    size_t text_length = 0;
    size_t pattern_length = 0;
    const char* const text = lua_tolstring(lua, lua_upvalueindex(1), &text_length);
    const char* const pattern = lua_tolstring(lua, lua_upvalueindex(2), &pattern_length);
    const auto from = static_cast<size_t>(lua_tointeger(lua, lua_upvalueindex(3)));
    if (from > text_length) return 0;
    Matcher matcher(lua, text, text_length, pattern, pattern_length);
    const char* begin = nullptr;
    const char* end = nullptr;
    if (!matcher.search(text + from, &begin, &end)) return 0;
    const ptrdiff_t next = end - text + (end == begin ? 1 : 0);
    lua_pushinteger(lua, next);
    lua_replace(lua, lua_upvalueindex(3));
    return matcher.push_captures(begin, end, true);
}
int gmatch(lua_State* lua) {
    luaL_checkstring(lua, 1);
    luaL_checkstring(lua, 2);
    lua_settop(lua, 2);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_match, 3);
    return 1;
}

// What stands in the place of a match: argument 3 is a text, a table or a function.
void add_replacement(lua_State* lua, Matcher& matcher, luaL_Buffer* out, const char* begin, const char* end) {
    switch (lua_type(lua, 3)) {
        case LUA_TFUNCTION: {
            lua_pushvalue(lua, 3);
            const int count = matcher.push_captures(begin, end, true);
            lua_call(lua, count, 1);
            break;
        }
        case LUA_TTABLE:
            matcher.push_capture(0, begin, end);
            lua_gettable(lua, 3);
            break;
        default: {
            size_t length = 0;
            const char* const text = lua_tolstring(lua, 3, &length);
            for (size_t i = 0; i < length; ++i) {
                if (text[i] != escape || i + 1 == length) {
                    luaL_addchar(out, text[i]);
                    continue;
                }
                const char name = text[++i];
                if (name == '0') {
                    luaL_addlstring(out, begin, static_cast<size_t>(end - begin));
                } else if (std::isdigit(static_cast<unsigned char>(name))) {
                    matcher.push_capture(name - '1', begin, end);
                    luaL_addvalue(out);
                } else {
                    luaL_addchar(out, name);
                }
            }
            return;
        }
    }
    if (!lua_toboolean(lua, -1)) {  // nil or false: the match stays
        lua_pop(lua, 1);
        lua_pushlstring(lua, begin, static_cast<size_t>(end - begin));
    } else if (!lua_isstring(lua, -1)) {
        luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
    }
    luaL_addvalue(out);
}

int gsub(lua_State* lua) {
    size_t text_length = 0;
    size_t pattern_length = 0;
    const char* const text = luaL_checklstring(lua, 1, &text_length);
    const char* const pattern = luaL_checklstring(lua, 2, &pattern_length);
    const int type = lua_type(lua, 3);
    luaL_argcheck(lua,
                  type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE || type == LUA_TFUNCTION,
                  3, "text, function or table expected");
    const ptrdiff_t most = luaL_optinteger(lua, 4, static_cast<ptrdiff_t>(text_length) + 1);
    Matcher matcher(lua, text, text_length, pattern, pattern_length);
    luaL_Buffer out;
    luaL_buffinit(lua, &out);
    const char* at = text;
    ptrdiff_t count = 0;
    while (count < most) {
        const char* const end = matcher.match_at(at);
        if (end != nullptr) {
            ++count;
            add_replacement(lua, matcher, &out, at, end);
        }
        if (end != nullptr && end > at) {
            at = end;
        } else if (at < matcher.text_end()) {
            luaL_addchar(&out, *at++);
        } else {
            break;
        }
        if (matcher.anchored()) break;
    }
    luaL_addlstring(&out, at, static_cast<size_t>(matcher.text_end() - at));
    luaL_pushresult(&out);
    lua_pushinteger(lua, count);
    return 2;
}

}  // namespace

void open_patterns(lua_State* lua) {
    const luaL_Reg functions[] = {{"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}};
    for (const luaL_Reg& function : functions) {
        lua_pushcfunction(lua, function.func);
        lua_setfield(lua, -2, function.name);
    }
    lua_pushnil(lua);
    lua_setfield(lua, -2, "gfind");  // an old name of gmatch
}

}  // namespace lua
