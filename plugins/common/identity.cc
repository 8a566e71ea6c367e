#include "identity.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "strict_json.h"

namespace auth {

using rapidjson::Value;

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= max_id_bytes && std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

bool read_id(const Value* value, std::string* out) {
    if (value == nullptr) return true;
    if (value->IsInt64()) {
        *out = std::to_string(value->GetInt64());
    } else if (value->IsUint64()) {
        *out = std::to_string(value->GetUint64());
    } else if (const auto text = text_of(value)) {
        *out = *text;
    }
    return is_id(*out);
}

bool read_ids(const Value* value, std::string* out) {
    if (value == nullptr) return true;
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    const auto add = [&](const Value& item) {
        const auto id = text_of(&item);
        if (!id || !is_id(*id)) return false;
        writer.String(id->data(), static_cast<rapidjson::SizeType>(id->size()));
        return true;
    };
    writer.StartArray();
    if (value->IsArray()) {
        if (!std::all_of(value->Begin(), value->End(), add)) return false;
    } else if (!add(*value)) {
        return false;
    }
    writer.EndArray();
    out->assign(text.GetString(), text.GetSize());
    return out->size() <= max_attribute_bytes;
}

}  // namespace auth
