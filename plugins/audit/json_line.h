// JsonLine: one line of JSON, written field by field. It stands in the message path of every message, so it
// writes into a buffer of its own on the stack and allocates only for long lines. One thread.
#ifndef GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H
#define GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace audit {

class JsonLine {
   public:
    JsonLine() = default;
    JsonLine(const JsonLine&) = delete;
    JsonLine& operator=(const JsonLine&) = delete;

    // Keys are plain: they need no escaping.
    void text(std::string_view key, std::string_view value);
    void number(std::string_view key, int64_t value);
    // As RFC 3339 in UTC with milliseconds, in quotes.
    void time(std::string_view key, int64_t ms_since_1970);
    // A value that is JSON already.
    void json(std::string_view key, std::string_view value);
    // The fields of another line, as fields() gave them.
    void fields(std::string_view other);

    // The fields so far, each with a comma before it: `,"a":1,"b":2`.
    std::string_view fields() const { return {data_, size_}; }
    // The whole line with its braces and line feed; ends the line.
    std::string_view finish();

   private:
    // Where the next `size` bytes may be written.
    char* room(size_t size);
    // Writes the key; the value may need `value_size` bytes.
    char* start(std::string_view key, size_t value_size);
    void end(const char* at) { size_ = static_cast<size_t>(at - data_); }

    char inline_[768];
    std::unique_ptr<char[]> big_;  // in place of inline_, for longer lines
    char* data_ = inline_;
    size_t size_ = 0;
    size_t capacity_ = sizeof(inline_);
};

}  // namespace audit

#endif
