#include "json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "api.h"

namespace lua {
namespace {

constexpr const char* array_mark = "gateway.array";

// --- from JSON ---

class Reader {
   public:
    Reader(lua_State* lua, std::string_view json)
        : lua_(lua), begin_(json.data()), at_(begin_), end_(begin_ + json.size()) {}

    void read_all() {
        read_value(0);
        skip_space();
        if (at_ != end_) fail("something stands behind the value");
    }

   private:
    [[noreturn]] void fail(const char* why) {
        luaL_error(lua_, "no valid JSON at byte %d: %s", static_cast<int>(at_ - begin_), why);
        __builtin_unreachable();
    }
    void skip_space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n'))
            ++at_;
    }
    bool take(char c) {
        skip_space();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }
    bool take_word(std::string_view word) {
        if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word)
            return false;
        at_ += word.size();
        return true;
    }

    void read_value(int depth) {
        if (depth > max_json_depth) fail("too many levels");
        luaL_checkstack(lua_, 4, "too many levels of JSON");
        skip_space();
        if (at_ == end_) fail("it ends too early");
        switch (*at_) {
            case '{':
                return read_object(depth);
            case '[':
                return read_list(depth);
            case '"':
                return read_text();
            default:
                break;
        }
        if (take_word("true")) return lua_pushboolean(lua_, 1);
        if (take_word("false")) return lua_pushboolean(lua_, 0);
        if (take_word("null")) return lua_pushlightuserdata(lua_, nullptr);
        read_number();
    }
    void read_object(int depth) {
        ++at_;
        lua_newtable(lua_);
        if (take('}')) return;
        do {
            skip_space();
            if (at_ == end_ || *at_ != '"') fail("a key must be a text");
            read_text();
            if (!take(':')) fail("a ':' is missing");
            read_value(depth + 1);
            lua_rawset(lua_, -3);
        } while (take(','));
        if (!take('}')) fail("a ',' or '}' is missing");
    }
    void read_list(int depth) {
        ++at_;
        lua_newtable(lua_);
        push_array_mark(lua_);
        lua_setmetatable(lua_, -2);
        if (take(']')) return;
        int count = 0;
        do {
            read_value(depth + 1);
            lua_rawseti(lua_, -2, ++count);
        } while (take(','));
        if (!take(']')) fail("a ',' or ']' is missing");
    }
    void read_number() {
        const char* const first = at_;
        if (at_ != end_ && *at_ == '-') ++at_;
        const char* const digits = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
            ++at_;
        if (at_ == digits || (*digits == '0' && at_ - digits > 1)) fail("no value");
        if (at_ != end_ && *at_ == '.') {
            ++at_;
            read_digits();
        }
        if (at_ != end_ && (*at_ | 0x20) == 'e') {
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
            read_digits();
        }
        double value = 0;
        const auto result = std::from_chars(first, at_, value);
        if (result.ec != std::errc()) fail("a number out of range");
        lua_pushnumber(lua_, value);
    }
    void read_digits() {
        const char* const first = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
            ++at_;
        if (at_ == first) fail("a digit is missing");
    }
    uint32_t read_hex4() {
        if (end_ - at_ < 4) fail("it ends too early");
        uint32_t value = 0;
        const auto result = std::from_chars(at_, at_ + 4, value, 16);
        if (result.ec != std::errc() || result.ptr != at_ + 4) fail("no valid \\u");
        at_ += 4;
        return value;
    }
    void read_text() {
        const char* const first = ++at_;
        while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20)
            ++at_;
        if (at_ != end_ && *at_ == '"') {
            lua_pushlstring(lua_, first, static_cast<size_t>(at_ - first));
            ++at_;
            return;
        }
        std::string& text = State::of(lua_).scratch();
        text.assign(first, at_);
        for (;;) {
            if (at_ == end_) fail("a text never ends");
            const char c = *at_++;
            if (c == '"') break;
            if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a text");
            if (c == '\\') {
                read_escape(&text);
            } else {
                text += c;
            }
        }
        lua_pushlstring(lua_, text.data(), text.size());
    }
    void read_escape(std::string* text) {
        if (at_ == end_) fail("a text never ends");
        const char c = *at_++;
        constexpr std::string_view names = "\"\\/bfnrt";
        const size_t known = names.find(c);
        if (known != std::string_view::npos) {
            *text += "\"\\/\b\f\n\r\t"[known];
            return;
        }
        if (c != 'u') fail("no valid escape");
        uint32_t code = read_hex4();
        if (code >= 0xDC00 && code < 0xE000) fail("half of a surrogate pair");
        if (code >= 0xD800 && code < 0xDC00) {
            if (!take_word("\\u")) fail("half of a surrogate pair");
            const uint32_t low = read_hex4();
            if (low < 0xDC00 || low >= 0xE000) fail("half of a surrogate pair");
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(code, text);
    }
    static void append_utf8(uint32_t code, std::string* out) {
        const auto put = [&](uint32_t byte) { *out += static_cast<char>(byte); };
        if (code < 0x80) return put(code);
        if (code < 0x800) {
            put(0xC0 | code >> 6);
        } else if (code < 0x10000) {
            put(0xE0 | code >> 12);
            put(0x80 | (code >> 6 & 0x3F));
        } else {
            put(0xF0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3F));
            put(0x80 | (code >> 6 & 0x3F));
        }
        put(0x80 | (code & 0x3F));
    }

    lua_State* lua_;
    const char* begin_;
    const char* at_;
    const char* end_;
};

// --- to JSON ---

class Writer {
   public:
    Writer(lua_State* lua, std::string* out)
        : lua_(lua), out_(*out), limit_(out->size() + State::of(lua).environment().limits.memory_bytes) {}

    void write(int index, int depth) {
        if (out_.size() > limit_) luaL_error(lua_, "the JSON would be larger than memory_limit_mb");
        if (depth > max_json_depth)
            luaL_error(lua_, "a table within itself, or more than %d levels of it", max_json_depth);
        State::of(lua_).charge(lua_, 1);
        luaL_checkstack(lua_, 4, "too many levels of tables");
        switch (lua_type(lua_, index)) {
            case LUA_TSTRING:
                return write_text(index);
            case LUA_TNUMBER:
                return write_number(lua_tonumber(lua_, index));
            case LUA_TBOOLEAN:
                out_ += lua_toboolean(lua_, index) ? "true" : "false";
                return;
            case LUA_TTABLE:
                return write_table(index, depth);
            case LUA_TLIGHTUSERDATA:
                if (lua_touserdata(lua_, index) == nullptr) {
                    out_ += "null";
                    return;
                }
                break;
            default:
                break;
        }
        luaL_error(lua_, "a %s has no JSON", luaL_typename(lua_, index));
    }

   private:
    void write_text(int index) {
        constexpr char digits[] = "0123456789abcdef";
        size_t length = 0;
        const char* const text = lua_tolstring(lua_, index, &length);
        out_ += '"';
        for (size_t i = 0; i < length; ++i) {
            const char c = text[i];
            if (c == '"' || c == '\\') out_ += '\\';
            if (static_cast<unsigned char>(c) < 0x20) {
                out_ += "\\u00";
                out_ += digits[c >> 4];
                out_ += digits[c & 15];
            } else {
                out_ += c;
            }
        }
        out_ += '"';
    }
    void write_number(double number) {
        if (!std::isfinite(number)) luaL_error(lua_, "a number that is not finite has no JSON");
        char text[40];
        const bool whole = number == std::floor(number) && std::fabs(number) < 9007199254740992.0;
        int length = std::snprintf(text, sizeof text, "%.0f", whole ? number : 0.0);
        // The fewest digits that are read as this number again.
        for (int digits = 15; !whole && digits <= 17; ++digits) {
            length = std::snprintf(text, sizeof text, "%.*g", digits, number);
            double again = 0;
            std::from_chars(text, text + length, again);
            if (again == number) break;
        }
        out_.append(text, static_cast<size_t>(length));
    }
    // A list: marked as one, or its keys are 1 to n and there is at least one.
    bool is_list(int index) {
        if (lua_getmetatable(lua_, index)) {
            push_array_mark(lua_);
            const bool marked = lua_rawequal(lua_, -1, -2);
            lua_pop(lua_, 2);
            if (marked) return true;
        }
        const size_t length = lua_objlen(lua_, index);
        if (length == 0) return false;
        size_t count = 0;
        for (lua_pushnil(lua_); lua_next(lua_, index); lua_pop(lua_, 1)) {
            if (lua_type(lua_, -2) != LUA_TNUMBER || ++count > length) {
                lua_pop(lua_, 2);
                return false;
            }
        }
        return count == length;
    }
    void write_table(int index, int depth) {
        if (index < 0) index = lua_gettop(lua_) + index + 1;
        if (is_list(index)) {
            out_ += '[';
            const int length = static_cast<int>(lua_objlen(lua_, index));
            for (int i = 1; i <= length; ++i) {
                if (i > 1) out_ += ',';
                lua_rawgeti(lua_, index, i);
                write(-1, depth + 1);
                lua_pop(lua_, 1);
            }
            out_ += ']';
            return;
        }
        out_ += '{';
        bool first = true;
        for (lua_pushnil(lua_); lua_next(lua_, index); lua_pop(lua_, 1)) {
            if (lua_type(lua_, -2) != LUA_TSTRING) {
                luaL_error(lua_, "a key of an object must be a text, not a %s", luaL_typename(lua_, -2));
            }
            if (!first) out_ += ',';
            first = false;
            write_text(-2);
            out_ += ':';
            write(-1, depth + 1);
        }
        out_ += '}';
    }

    lua_State* lua_;
    std::string& out_;
    const size_t limit_;
};

}  // namespace

void push_json(lua_State* lua, std::string_view json) {
    Reader(lua, json).read_all();
}

void append_json(lua_State* lua, int index, std::string* out) {
    Writer(lua, out).write(index, 0);
}

void push_array_mark(lua_State* lua) {
    luaL_newmetatable(lua, array_mark);  // made once; then it is found
}

}  // namespace lua
