// The schema of the configuration: one row for each key, with its type, unit, range, meaning and the member
// of Settings that it fills. Parsing (settings_reader.h), config/reference.yaml and the effective
// configuration (render.h) all come from it; defaults are those of Settings itself. Constant: any thread.
#ifndef GATEWAYD_CORE_CONFIG_SCHEMA_H
#define GATEWAYD_CORE_CONFIG_SCHEMA_H

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/settings.h"

namespace gatewayd::config {

// A member of an enum with consecutive values from 0, and the words for them.
struct Choice {
    uint8_t* value;
    const std::vector<std::string>* words;
};

// Where a key's value goes; its alternative is the key's type. ConfigNodePtr: a list handed on unread.
using Slot = std::variant<bool*, uint16_t*, uint32_t*, std::string*, std::vector<std::string>*, Choice,
                          ConfigNodePtr*>;

// Empty: fine; else what is wrong with the text (an item's, for lists).
using Check = std::string (*)(std::string_view text);

enum class TextKind : uint8_t { plain, path, secret };

struct Key {
    std::string path;             // "wsc.node_port"
    Slot (*slot)(Settings&);      // null: a structure that plugin_entries.h reads
    std::string meaning;          // for operators
    std::string unit{};           // "seconds"; empty: none
    int64_t min = 0;              // of numbers
    int64_t max = 0;              // of numbers
    std::string word_for_zero{};  // "auto"; the number 0 itself is refused then
    bool false_is_empty = false;  // text keys: `false` is the empty text
    Check check = nullptr;        // of text and of items
    TextKind kind = TextKind::plain;
};

struct Section {
    std::string path;
    std::string meaning;
    bool open = false;  // keys without a row are a plugin's business
};

// In the order of the reference file.
const std::vector<Key>& schema_keys();
const std::vector<Section>& schema_sections();

// Null: no such key or section.
const Key* find_key(std::string_view path);
const Section* find_section(std::string_view path);

// "wsc.node_port" -> "wsc" and "node_port".
std::string_view parent_of(std::string_view path);
std::string_view leaf_of(std::string_view path);

// "number", "list of text", ... for the documentation.
std::string type_name(const Key& key);
// "seconds, 1 to 86400"; empty: nothing to say.
std::string range_text(const Key& key);

}  // namespace gatewayd::config

#endif
