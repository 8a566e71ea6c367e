// JsonObject: writes one JSON object into a text, member by member. What goes in as text must be UTF-8; what
// goes in raw must be JSON. A value: one thread.
#ifndef GATEWAYD_PLUGINS_COMMON_JSON_OBJECT_H
#define GATEWAYD_PLUGINS_COMMON_JSON_OBJECT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace json {

// Appends the text in quotes, escaped.
void append_quoted(std::string_view text, std::string* out);
// "2026-11-26T12:00:00.123Z"; UTC, milliseconds since 1970.
std::string time_text(int64_t ms);

class JsonObject {
   public:
    JsonObject& text(std::string_view key, std::string_view value) {
        begin(key);
        append_quoted(value, &text_);
        return *this;
    }
    // Left out when it is empty.
    JsonObject& optional_text(std::string_view key, std::string_view value) {
        return value.empty() ? *this : text(key, value);
    }
    JsonObject& number(std::string_view key, int64_t value) { return raw(key, std::to_string(value)); }
    JsonObject& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    JsonObject& time(std::string_view key, int64_t ms) { return text(key, time_text(ms)); }
    JsonObject& raw(std::string_view key, std::string_view value) {
        begin(key);
        text_.append(value);
        return *this;
    }
    // Members of another object, without its braces: `{"a":1}` adds "a".
    JsonObject& members_of(std::string_view object) {
        if (object.size() <= 2) return *this;
        if (text_.size() > 1) text_.push_back(',');
        text_.append(object.substr(1, object.size() - 2));
        return *this;
    }
    std::string end() const { return text_ + "}"; }

   private:
    void begin(std::string_view key) {
        if (text_.size() > 1) text_.push_back(',');
        append_quoted(key, &text_);
        text_.push_back(':');
    }
    std::string text_ = "{";
};

// A list of JSON values.
class JsonList {
   public:
    void raw(std::string_view value) {
        if (text_.size() > 1) text_.push_back(',');
        text_.append(value);
    }
    void text(std::string_view value) {
        if (text_.size() > 1) text_.push_back(',');
        append_quoted(value, &text_);
    }
    std::string end() const { return text_ + "]"; }

   private:
    std::string text_ = "[";
};

}  // namespace json

#endif
