#include "strict_json.h"

#include <algorithm>
#include <vector>

namespace auth {
namespace {

using rapidjson::Value;

std::string_view view_of(const Value& text) {
    return {text.GetString(), text.GetStringLength()};
}

bool has_key_twice(const Value& object) {
    std::vector<std::string_view> names;
    names.reserve(object.MemberCount());
    for (const auto& member : object.GetObject())
        names.push_back(view_of(member.name));
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Half a character, which the parser lets an escape make ("\\udc00"): as UTF-8 it begins with ED A0 to ED BF.
bool has_surrogate(std::string_view text) {
    for (size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
    }
    return false;
}

// What is wrong with the value or with one inside; null: nothing. Goes max_json_levels deep at most.
const char* what_is_wrong(const Value& value, size_t levels) {
    if (value.IsString()) return has_surrogate(view_of(value)) ? "has half a character" : nullptr;
    if (!value.IsObject() && !value.IsArray()) return nullptr;
    if (levels == 0) return "is nested too deeply";
    if (value.IsArray()) {
        for (const Value& item : value.GetArray()) {
            if (const char* wrong = what_is_wrong(item, levels - 1)) return wrong;
        }
        return nullptr;
    }
    if (has_key_twice(value)) return "has a key twice";
    for (const auto& member : value.GetObject()) {
        if (has_surrogate(view_of(member.name))) return "has half a character";
        if (const char* wrong = what_is_wrong(member.value, levels - 1)) return wrong;
    }
    return nullptr;
}

const Value* member_of(const Value& object, std::string_view name) {
    if (!object.IsObject()) return nullptr;
    for (const auto& member : object.GetObject()) {
        if (view_of(member.name) == name) return member.value.IsNull() ? nullptr : &member.value;
    }
    return nullptr;
}

std::string unescaped(std::string_view step) {
    std::string out;
    for (size_t i = 0; i < step.size(); ++i) {
        if (step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1')) {
            out += step[++i] == '0' ? '~' : '/';
        } else {
            out += step[i];
        }
    }
    return out;
}

}  // namespace

bool parse_object(std::string_view text, rapidjson::Document* out, std::string* why) {
    // The parser takes a zero byte for the end of the text.
    if (text.find('\0') != std::string_view::npos) {
        *why = "has a zero byte";
        return false;
    }
    // And it passes over a byte order mark, which JSON has not, and over each byte of one by itself.
    if (!text.empty() && static_cast<unsigned char>(text.front()) >= 0x80) {
        *why = "is not valid JSON";
        return false;
    }
    // Iterative: depth takes no stack. Its values live in one pool, which frees them without recursion.
    constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    out->Parse<flags>(text.data(), text.size());
    if (out->HasParseError()) {
        *why = "is not valid JSON";
        return false;
    }
    if (!out->IsObject()) {
        *why = "is not a JSON object";
        return false;
    }
    if (const char* wrong = what_is_wrong(*out, max_json_levels)) {
        *why = wrong;
        return false;
    }
    return true;
}

const Value* find(const Value& object, std::string_view name) {
    if (name.substr(0, 1) != "/") return member_of(object, name);
    const Value* at = &object;
    while (!name.empty() && at != nullptr) {
        name.remove_prefix(1);
        const std::string_view step = name.substr(0, name.find('/'));
        name.remove_prefix(step.size());
        at = member_of(*at, unescaped(step));
    }
    return at;
}

std::optional<std::string_view> text_of(const Value* value) {
    if (value == nullptr || !value->IsString()) return std::nullopt;
    return view_of(*value);
}

bool optional_text(const Value& object, std::string_view name, std::string_view* out) {
    const Value* value = find(object, name);
    if (value == nullptr) return true;
    const auto text = text_of(value);
    if (text) *out = *text;
    return text.has_value();
}

}  // namespace auth
