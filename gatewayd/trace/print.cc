// The only file here that sees RapidJSON.
#include "gatewayd/trace/print.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace gatewayd {
namespace {

using Value = rapidjson::Value;

// Text without its quotes, anything else as JSON; control characters, which a terminal would obey, escaped.
std::string word(const Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    std::string json(buffer.GetString(), buffer.GetSize());
    return value.IsString() ? json.substr(1, json.size() - 2) : json;
}

std::string word_of(const Value& line, const char* name) {
    const auto found = line.FindMember(name);
    return found == line.MemberEnd() ? std::string() : word(found->value);
}

// "2026-11-26T17:20:01.123Z" -> "17:20:01.123"; 12 places always.
std::string time_of(const Value& line) {
    const std::string time = word_of(line, "time");
    return time.size() == 24 ? time.substr(11, 12) : std::string(12, ' ');
}

std::string list_of(const Value& line, const char* name) {
    const auto found = line.FindMember(name);
    std::string all;
    if (found == line.MemberEnd() || !found->value.IsArray()) return all;
    for (const Value& item : found->value.GetArray())
        all += (all.empty() ? "" : ", ") + word(item);
    return all;
}

void pad_to(size_t width, std::string* text) {
    if (text->size() < width) text->append(width - text->size(), ' ');
}

std::string hook_text(const Value& line) {
    std::string text = "  " + word_of(line, "plugin");
    pad_to(18, &text);
    text += " " + word_of(line, "hook");
    pad_to(39, &text);
    for (const char* name : {"verdict", "status", "why"}) {
        if (line.HasMember(name)) text += " " + word_of(line, name);
    }
    if (line.HasMember("us")) text += "  " + word_of(line, "us") + " us";
    for (const char* name : {"changed", "did"}) {
        const std::string list = list_of(line, name);
        if (!list.empty()) text += std::string("  ") + name + ": " + list;
    }
    return text;
}

// The event, and every other field as name=value.
std::string fields_text(const Value& line) {
    std::string text = word_of(line, "event");
    for (const auto& member : line.GetObject()) {
        const std::string name = member.name.GetString();
        if (name == "event" || name == "time" || name == "request" || name == "payload") continue;
        text += " " + name + "=" + word(member.value);
    }
    return text;
}

}  // namespace

std::string readable_trace_line(std::string_view json) {
    rapidjson::Document line;
    line.Parse(json.data(), json.size());
    if (line.HasParseError() || !line.IsObject()) return std::string(json);
    std::string number = word_of(line, "request");
    if (!number.empty()) number.insert(0, "#");
    pad_to(6, &number);
    const std::string text = word_of(line, "event") == "hook" ? hook_text(line) : fields_text(line);
    std::string out = time_of(line) + "  " + number + " " + text;
    if (line.HasMember("payload")) out += "\n" + std::string(21, ' ') + word_of(line, "payload");
    return out;
}

}  // namespace gatewayd
