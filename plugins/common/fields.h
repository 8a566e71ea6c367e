// Fields: reads what a frame or an HTTP body says, field by field, and keeps the first thing that is wrong
// with it, in words. A value: one thread.
#ifndef GATEWAYD_PLUGINS_COMMON_FIELDS_H
#define GATEWAYD_PLUGINS_COMMON_FIELDS_H

#include <rapidjson/document.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json {

class Fields {
   public:
    // `what`: "the body", of a text that is no JSON object. An empty text has no fields.
    Fields(std::string_view object, const char* what);

    // Empty: fine so far.
    const std::string& wrong() const { return wrong_; }
    void refuse(std::string why);

    bool has(const char* name) const;
    // Empty when it is absent.
    std::string text(const char* name, size_t max_bytes);
    std::string id(const char* name);
    std::string needed_id(const char* name);
    std::optional<int64_t> number(const char* name, int64_t min, int64_t max);
    bool flag(const char* name);
    // A JSON object, as text; limit: the key that says so, or null.
    std::optional<std::string> object(const char* name, size_t max_bytes, const char* limit);
    // Sorted, each once.
    std::optional<std::vector<std::string>> texts(const char* name, size_t max_count, size_t max_bytes);
    // The value whose word it is.
    template <typename Value, size_t count>
    std::optional<Value> choice(const char* name, const std::array<std::string_view, count>& words) {
        const std::optional<size_t> found = choice(name, words.data(), count);
        return found ? std::optional<Value>(static_cast<Value>(*found)) : std::nullopt;
    }
    void allow_only(std::initializer_list<std::string_view> names);

   private:
    const rapidjson::Value* find(const char* name) const;
    std::optional<size_t> choice(const char* name, const std::string_view* words, size_t count);

    rapidjson::Document document_;
    std::string wrong_;
};

}  // namespace json

#endif
