// JsonLine: one line of JSON, written field by field. It stands in the message path of every message, so it
// writes into a buffer of its own on the stack and allocates only for long lines; keys are literals, so that
// their sizes are known when it is compiled. One thread.
#ifndef GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H
#define GATEWAYD_PLUGINS_AUDIT_JSON_LINE_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace audit {

class JsonLine {
   public:
    JsonLine() = default;
    JsonLine(const JsonLine&) = delete;
    JsonLine& operator=(const JsonLine&) = delete;

    // Keys are plain: they need no escaping.
    template <size_t key_size>
    void text(const char (&key)[key_size], std::string_view value) {
        char* out = start(key, value.size() * 6 + 2);
        *out++ = '"';
        out = escape(value, out);
        *out++ = '"';
        end(out);
    }
    // A word of ours, which needs no escaping either.
    template <size_t key_size, size_t word_size>
    void word(const char (&key)[key_size], const char (&word)[word_size]) {
        char* out = start(key, word_size + 1);
        *out++ = '"';
        std::memcpy(out, word, word_size - 1);
        out += word_size - 1;
        *out++ = '"';
        end(out);
    }
    template <size_t key_size>
    void number(const char (&key)[key_size], int64_t value) {
        end(put_number(value, start(key, number_size)));
    }
    // As RFC 3339 in UTC with milliseconds, in quotes.
    template <size_t key_size>
    void time(const char (&key)[key_size], int64_t ms_since_1970) {
        end(put_time(ms_since_1970, start(key, time_size)));
    }
    // A value that is JSON already.
    template <size_t key_size>
    void json(const char (&key)[key_size], std::string_view value) {
        end(put_json(value, start(key, value.size())));
    }
    // The fields of another line, as fields() gave them.
    void fields(std::string_view other);

    // The fields so far, each with a comma before it: `,"a":1,"b":2`.
    std::string_view fields() const { return {data_, size_}; }
    // The whole line with its braces and line feed; ends the line.
    std::string_view finish();

   private:
    static constexpr size_t number_size = 20;  // of the longest int64_t
    static constexpr size_t time_size = 26;

    // Each writes a value to where there is room for it, and returns its end.
    static char* escape(std::string_view value, char* out);  // at most six bytes for each of value's
    static char* put_number(int64_t value, char* out);
    static char* put_time(int64_t ms_since_1970, char* out);
    static char* put_json(std::string_view value, char* out);

    // Where the next `size` bytes may be written.
    char* room(size_t size) {
        if (__builtin_expect(size > capacity_ - size_, 0)) grow(size);
        return data_ + size_;
    }
    void grow(size_t size);
    // Writes the key; the value may need `value_size` bytes.
    template <size_t key_size>
    char* start(const char (&key)[key_size], size_t value_size) {
        char* out = room(key_size + 3 + value_size);
        std::memcpy(out, ",\"", 2);
        std::memcpy(out + 2, key, key_size - 1);
        std::memcpy(out + 1 + key_size, "\":", 2);
        return out + 3 + key_size;
    }
    void end(const char* at) { size_ = static_cast<size_t>(at - data_); }

    char inline_[768];
    std::unique_ptr<char[]> big_;  // in place of inline_, for longer lines
    char* data_ = inline_;
    size_t size_ = 0;
    size_t capacity_ = sizeof(inline_);
};

}  // namespace audit

#endif
