#include "fields.h"

#include <algorithm>

#include "ids.h"
#include "json_read.h"

namespace json {

Fields::Fields(std::string_view object, const char* what) {
    std::string why;
    if (object.empty()) {
        document_.SetObject();
    } else if (!parse_object(object, &document_, &why)) {
        refuse(std::string(what) + " is not valid: " + why);
        document_.SetObject();
    }
}

void Fields::refuse(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
}

const rapidjson::Value* Fields::find(const char* name) const {
    return member_of(document_, name);
}

bool Fields::has(const char* name) const {
    return find(name) != nullptr;
}

std::string Fields::text(const char* name, size_t max_bytes) {
    const rapidjson::Value* const value = find(name);
    if (!value) return {};
    if (!value->IsString()) {
        refuse(std::string(name) + " must be text");
        return {};
    }
    if (value->GetStringLength() > max_bytes) {
        refuse(std::string(name) + " is longer than " + std::to_string(max_bytes) + " bytes");
        return {};
    }
    return {value->GetString(), value->GetStringLength()};
}

std::string Fields::id(const char* name) {
    std::string found = text(name, ids::max_bytes);
    if (!found.empty() && !ids::is_id(found)) refuse(std::string(name) + " is no id");
    return found;
}

std::string Fields::needed_id(const char* name) {
    std::string found = id(name);
    if (found.empty()) refuse(std::string(name) + " is missing");
    return found;
}

std::optional<int64_t> Fields::number(const char* name, int64_t min, int64_t max) {
    const rapidjson::Value* const value = find(name);
    if (!value) return std::nullopt;
    if (value->IsInt64() && value->GetInt64() >= min && value->GetInt64() <= max) return value->GetInt64();
    refuse(std::string(name) + " must be a whole number from " + std::to_string(min) + " to " +
           std::to_string(max));
    return std::nullopt;
}

bool Fields::flag(const char* name) {
    const rapidjson::Value* const value = find(name);
    if (!value) return false;
    if (!value->IsBool()) refuse(std::string(name) + " must be true or false");
    return value->IsTrue();
}

std::optional<std::string> Fields::object(const char* name, size_t max_bytes, const char* limit) {
    const rapidjson::Value* const value = find(name);
    if (!value) return std::nullopt;
    std::string json = to_text(*value);
    if (!value->IsObject()) refuse(std::string(name) + " must be a JSON object");
    if (json.size() > max_bytes) {
        refuse(std::string(name) + " is larger than " + std::to_string(max_bytes) + " bytes" +
               (limit ? " (" + std::string(limit) + ")" : ""));
    }
    return json;
}

std::optional<std::vector<std::string>> Fields::texts(const char* name, size_t max_count, size_t max_bytes) {
    const rapidjson::Value* const list = find(name);
    if (!list) return std::nullopt;
    std::vector<std::string> found;
    bool fine = list->IsArray() && list->Size() <= max_count;
    for (size_t i = 0; fine && i < list->Size(); ++i) {
        const rapidjson::Value& one = (*list)[static_cast<rapidjson::SizeType>(i)];
        fine = one.IsString() && one.GetStringLength() > 0 && one.GetStringLength() <= max_bytes;
        if (fine) found.emplace_back(one.GetString(), one.GetStringLength());
    }
    if (!fine) {
        refuse(std::string(name) + " must be a list of at most " + std::to_string(max_count) +
               " texts of 1 to " + std::to_string(max_bytes) + " bytes");
        return std::nullopt;
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

std::optional<size_t> Fields::choice(const char* name, const std::string_view* words, size_t count) {
    if (!has(name)) return std::nullopt;
    const rapidjson::Value* const value = find(name);
    std::string all;
    for (size_t i = 0; i < count; ++i) {
        if (value->IsString() && words[i] == std::string_view(value->GetString(), value->GetStringLength()))
            return i;
        all.append(i == 0 ? "" : i + 1 == count ? " or " : ", ").append(words[i]);
    }
    refuse(std::string(name) + " must be " + all);
    return std::nullopt;
}

void Fields::allow_only(std::initializer_list<std::string_view> names) {
    for (const auto& member : document_.GetObject()) {
        const std::string_view name(member.name.GetString(), member.name.GetStringLength());
        if (std::find(names.begin(), names.end(), name) == names.end())
            refuse("there is no \"" + std::string(name) + "\" here");
    }
}

}  // namespace json
