#include "answers.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "refusal.h"

namespace auth {

std::string challenge_of(std::string_view code, std::string_view why) {
    std::string text = "Bearer realm=\"gatewayd\"";
    if (code == token_missing) return text;  // who sent none is told of no error
    text += ", error=\"invalid_token\", error_description=\"";
    // Names come from the configuration, and a quoted-string takes little.
    for (const char c : why)
        text += c >= 0x20 && c < 0x7F && c != '"' && c != '\\' ? c : '\'';
    return text + "\"";
}

std::string refreshed_answer(const gateway::Request& request, bool expires, int64_t left_s) {
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    writer.StartObject();
    writer.Key("type");
    writer.String("auth_refreshed");
    if (const auto id = request.field("id")) {
        writer.Key("id");
        writer.String(id->data(), static_cast<rapidjson::SizeType>(id->size()));
    } else if (const auto json = request.json_field("id")) {
        writer.Key("id");
        writer.RawValue(json->data(), json->size(), rapidjson::kNumberType);
    }
    if (expires) {
        writer.Key("expires_in_s");
        writer.Int64(left_s);
    }
    writer.EndObject();
    return {text.GetString(), text.GetSize()};
}

std::string expiring_notice(int64_t left_s) {
    return R"({"type":"token_expiring","in_s":)" + std::to_string(left_s) + "}";
}

}  // namespace auth
