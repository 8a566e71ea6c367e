// Reading JSON objects of others: at most max_read_levels deep, valid UTF-8, nothing after it. Pure
// functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_JSON_READ_H
#define GATEWAYD_PLUGINS_COMMON_JSON_READ_H

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace json {

inline constexpr size_t max_read_levels = 64;

// False: it is none; *why says so in words.
bool parse_object(std::string_view text, rapidjson::Document* out, std::string* why);

// Null: there is no such member, or it is null.
const rapidjson::Value* member_of(const rapidjson::Value& object, const char* name);
// Nothing: absent, or no text.
std::optional<std::string> text_member(const rapidjson::Value& object, const char* name);
// 0 when it is absent or no whole number.
int64_t number_member(const rapidjson::Value& object, const char* name);
std::string to_text(const rapidjson::Value& value);

}  // namespace json

#endif
