#include "json_read.h"

#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace json {
namespace {

// How deep brackets go, by a look at the bytes; the parser says whether they fit together.
size_t levels_of(std::string_view text) {
    size_t level = 0;
    size_t most = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_text) {
            if (c == '\\') ++i;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            most = std::max(most, ++level);
        } else if ((c == '}' || c == ']') && level > 0) {
            --level;
        }
    }
    return most;
}

}  // namespace

bool parse_object(std::string_view text, rapidjson::Document* out, std::string* why) {
    if (levels_of(text) > max_read_levels) {
        *why = "nested deeper than 64 levels";
        return false;
    }
    constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;
    out->Parse<flags>(text.data(), text.size());
    if (out->HasParseError()) {
        *why = std::string(rapidjson::GetParseError_En(out->GetParseError())) + " (byte " +
               std::to_string(out->GetErrorOffset()) + ")";
        return false;
    }
    if (!out->IsObject()) {
        *why = "not a JSON object";
        return false;
    }
    return true;
}

const rapidjson::Value* member_of(const rapidjson::Value& object, const char* name) {
    const auto found = object.FindMember(name);
    return found == object.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

std::optional<std::string> text_member(const rapidjson::Value& object, const char* name) {
    const rapidjson::Value* const value = member_of(object, name);
    if (!value || !value->IsString()) return std::nullopt;
    return std::string(value->GetString(), value->GetStringLength());
}

int64_t number_member(const rapidjson::Value& object, const char* name) {
    const rapidjson::Value* const value = member_of(object, name);
    return value && value->IsInt64() ? value->GetInt64() : 0;
}

std::string to_text(const rapidjson::Value& value) {
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    value.Accept(writer);
    return {text.GetString(), text.GetSize()};
}

}  // namespace json
