#include "core/chain/trace_line.h"

#include <cstdio>

#include "core/base/utf8.h"
#include "core/message/codec.h"

namespace gatewayd {
namespace {

void append_text(std::string_view text, std::string* out) {
    append_json_string(is_valid_utf8(text) ? text : std::string_view("(not UTF-8)"), out);
}

}  // namespace

TraceLine::TraceLine(std::string_view event) {
    text_ = R"({"event":)";
    append_json_string(event, &text_);
}

void TraceLine::key(std::string_view name) {
    text_.push_back(',');
    append_json_string(name, &text_);
    text_.push_back(':');
}

TraceLine& TraceLine::field(std::string_view name, std::string_view text) {
    key(name);
    append_text(text, &text_);
    return *this;
}

TraceLine& TraceLine::number(std::string_view name, uint64_t value) {
    key(name);
    text_ += std::to_string(value);
    return *this;
}

TraceLine& TraceLine::code(std::string_view name, int64_t value) {
    key(name);
    text_ += std::to_string(value);
    return *this;
}

TraceLine& TraceLine::flag(std::string_view name, bool value) {
    key(name);
    text_ += value ? "true" : "false";
    return *this;
}

TraceLine& TraceLine::microseconds(uint64_t ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", static_cast<double>(ns) / 1000);
    key("us");
    text_ += text;
    return *this;
}

TraceLine& TraceLine::list_if(std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return *this;
    key(name);
    char separator = '[';
    for (const std::string& text : texts) {
        text_.push_back(separator);
        append_text(text, &text_);
        separator = ',';
    }
    text_.push_back(']');
    return *this;
}

}  // namespace gatewayd
