// JsonLine: one line of JSON, written field by field into a text. A value, one thread.
#ifndef GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H
#define GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace audit {

class JsonLine {
   public:
    JsonLine() { text_.reserve(480); }
    // Keys are plain: they need no escaping.
    void text(std::string_view key, std::string_view value);
    void number(std::string_view key, int64_t value);
    // As RFC 3339 in UTC with milliseconds, in quotes.
    void time(std::string_view key, int64_t ms_since_1970);
    // A value that is JSON already.
    void json(std::string_view key, std::string_view value);
    // The fields of another one, `,"a":1,"b":2`: see fields().
    void fields(std::string_view other) { text_ += other; }

    // The fields so far, each with a comma before it.
    const std::string& fields() const { return text_; }
    // The whole line with its braces and line feed.
    std::string_view finish();

   private:
    void key(std::string_view key);
    std::string text_;
};

}  // namespace audit

#endif
