// JSON objects that nobody can read in two ways: RFC 8259 in valid UTF-8, no key twice in any object, no
// zero byte, at most max_json_levels deep. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_STRICT_JSON_H
#define GATEWAYD_PLUGINS_COMMON_STRICT_JSON_H

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace auth {

inline constexpr size_t max_json_levels = 16;

// False: *why says what is wrong, in words without anything of the text.
bool parse_object(std::string_view text, rapidjson::Document* out, std::string* why);

// A member of an object by its name, or, when the name begins with "/", the value at that JSON pointer
// (RFC 6901) below it. Null: there is none, or it is null.
const rapidjson::Value* find(const rapidjson::Value& object, std::string_view name);

// Nothing: no text.
std::optional<std::string_view> text_of(const rapidjson::Value* value);
// A member that may be absent. False: it is there and no text.
bool optional_text(const rapidjson::Value& object, std::string_view name, std::string_view* out);

}  // namespace auth

#endif
