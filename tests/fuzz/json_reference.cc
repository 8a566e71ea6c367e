#include "tests/fuzz/json_reference.h"

#include "tests/fuzz/utf8_reference.h"

namespace gatewayd::fuzz {
namespace {

// Each take_ function removes what it names from the front of rest_, or returns false.
class Parser {
   public:
    Parser(std::string_view text, size_t max_levels) : rest_(text), levels_left_(max_levels) {}

    bool take_document(JsonValue* value) {
        take_space();
        if (!take_value(value)) return false;
        take_space();
        return rest_.empty();
    }

   private:
    bool take(std::string_view word) {
        if (rest_.substr(0, word.size()) != word) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    void take_space() {
        while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) != std::string_view::npos)
            rest_.remove_prefix(1);
    }

    bool take_value(JsonValue* value) {
        const std::string_view before = rest_;
        if (!take_any(value)) return false;
        value->raw = before.substr(0, before.size() - rest_.size());
        return true;
    }

    bool take_any(JsonValue* value) {
        if (rest_.empty()) return false;
        if (rest_[0] == '"') {
            value->kind = JsonValue::Kind::text;
            return take_text(&value->text);
        }
        if (rest_[0] == '{' || rest_[0] == '[') {
            if (levels_left_ == 0) return false;
            --levels_left_;
            const bool taken = rest_[0] == '{' ? take_object(value) : take_list(value);
            ++levels_left_;
            return taken;
        }
        if (take("null")) return true;
        value->kind = JsonValue::Kind::boolean;
        if (take("true") || take("false")) return true;
        value->kind = JsonValue::Kind::number;
        return take_number();
    }

    bool take_object(JsonValue* value) {
        value->kind = JsonValue::Kind::object;
        take("{");
        take_space();
        if (take("}")) return true;
        do {
            take_space();
            std::pair<std::string, JsonValue> member;
            if (!take_text(&member.first)) return false;
            take_space();
            if (!take(":")) return false;
            take_space();
            if (!take_value(&member.second)) return false;
            value->members.push_back(std::move(member));
            take_space();
        } while (take(","));
        return take("}");
    }

    bool take_list(JsonValue* value) {
        value->kind = JsonValue::Kind::list;
        take("[");
        take_space();
        if (take("]")) return true;
        do {
            take_space();
            JsonValue item;
            if (!take_value(&item)) return false;
            value->items.push_back(std::move(item));
            take_space();
        } while (take(","));
        return take("]");
    }

    bool take_digits() {
        const size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        rest_.remove_prefix(count);
        return count > 0;
    }

    bool take_number() {
        take("-");
        if (!take("0") && !take_digits()) return false;
        if (take(".") && !take_digits()) return false;
        if (take("e") || take("E")) {
            if (!take("+")) take("-");
            return take_digits();
        }
        return true;
    }

    bool take_text(std::string* text) {
        if (!take("\"")) return false;
        for (;;) {
            if (take("\"")) return true;
            if (rest_.empty() || static_cast<unsigned char>(rest_[0]) < 0x20) return false;
            if (take("\\")) {
                if (!take_escape(text)) return false;
                continue;
            }
            text->push_back(rest_[0]);
            rest_.remove_prefix(1);
        }
    }

    bool take_escape(std::string* text) {
        static constexpr std::string_view letters = "\"\\/bfnrt";
        static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (take("u")) return take_code_point(text);
        const size_t letter = rest_.empty() ? std::string_view::npos : letters.find(rest_[0]);
        if (letter == std::string_view::npos) return false;
        text->push_back(meanings[letter]);
        rest_.remove_prefix(1);
        return true;
    }

    bool take_unit(uint32_t* unit) {
        *unit = 0;
        for (int i = 0; i < 4; ++i, rest_.remove_prefix(1)) {
            static constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
            const size_t digit = rest_.empty() ? std::string_view::npos : digits.find(rest_[0]);
            if (digit == std::string_view::npos) return false;
            *unit = *unit * 16 + static_cast<uint32_t>(digit % 16);
        }
        return true;
    }

    bool take_code_point(std::string* text) {
        uint32_t code;
        if (!take_unit(&code)) return false;
        if (code >= 0xDC00 && code <= 0xDFFF) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
            uint32_t low;
            if (!take("\\u") || !take_unit(&low) || low < 0xDC00 || low > 0xDFFF) return false;
            code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
        }
        const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static constexpr uint32_t lead[] = {0x00, 0xC0, 0xE0, 0xF0};
        text->push_back(static_cast<char>(lead[more] | code >> 6 * more));
        for (int left = more - 1; left >= 0; --left)
            text->push_back(static_cast<char>(0x80 | (code >> 6 * left & 0x3F)));
        return true;
    }

    std::string_view rest_;
    size_t levels_left_;
};

}  // namespace

size_t JsonValue::count(std::string_view key) const {
    size_t found = 0;
    for (const auto& member : members)
        found += member.first == key;
    return found;
}

const JsonValue* JsonValue::find(std::string_view key) const {
    const JsonValue* found = nullptr;
    for (const auto& member : members) {
        if (member.first == key) found = &member.second;
    }
    return found;
}

std::optional<JsonValue> parse_json(std::string_view text, size_t max_levels) {
    if (utf8_verdict(text) != Utf8::valid) return std::nullopt;
    JsonValue value;
    if (!Parser(text, max_levels).take_document(&value)) return std::nullopt;
    return value;
}

}  // namespace gatewayd::fuzz
