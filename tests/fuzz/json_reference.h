// A JSON parser to compare with: RFC 8259 rule by rule, recursive, with a tree; shares nothing with
// core/message. As strict as the gateway: no lone surrogates, a limit of levels.
#ifndef GATEWAYD_TESTS_FUZZ_JSON_REFERENCE_H
#define GATEWAYD_TESTS_FUZZ_JSON_REFERENCE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatewayd::fuzz {

struct JsonValue {
    enum class Kind : uint8_t { null, boolean, number, text, list, object };

    Kind kind = Kind::null;
    std::string text;      // of a text, unescaped
    std::string_view raw;  // as it stands in what was parsed
    std::vector<JsonValue> items;
    std::vector<std::pair<std::string, JsonValue>> members;  // in their order, repeated keys too

    size_t count(std::string_view key) const;
    // The last of that key, as in JavaScript; null: none.
    const JsonValue* find(std::string_view key) const;
};

// Nothing: not one JSON value in UTF-8 with at most so many levels of objects and lists.
std::optional<JsonValue> parse_json(std::string_view text, size_t max_levels = 64);

}  // namespace gatewayd::fuzz

#endif
