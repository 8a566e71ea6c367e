#include "core/config/settings_reader.h"

#include <algorithm>

#include "core/config/suggest.h"

namespace gatewayd::config {

namespace {

// Of all keys with a row or a section directly under `section`.
std::vector<std::string> keys_of_section(std::string_view section) {
    std::vector<std::string> keys;
    for (const Key& key : schema_keys()) {
        if (parent_of(key.path) == section) keys.emplace_back(leaf_of(key.path));
    }
    for (const Section& inner : schema_sections()) {
        if (parent_of(inner.path) == section) keys.emplace_back(leaf_of(inner.path));
    }
    return keys;
}

// The one key of that name in another section; empty when there are none or several.
std::string key_elsewhere(std::string_view leaf) {
    std::string found;
    for (const Key& key : schema_keys()) {
        if (leaf_of(key.path) != leaf) continue;
        if (!found.empty()) return {};
        found = key.path;
    }
    return found;
}

class Reader {
   public:
    Reader(Settings& settings, Problems& problems) : settings_(settings), problems_(problems) {}

    void read_section(const ConfigNode& node, const std::string& path) {
        if (node.type == ConfigNode::Type::null) return;  // "wsc:" with nothing under it: the defaults
        if (node.type != ConfigNode::Type::map) {
            problems_.error(node.location, path, "expected keys and values, not " + what_it_is(node));
            return;
        }
        const Section* section = find_section(path);
        const std::string prefix = path.empty() ? path : path + ".";
        for (const auto& [name, value] : node.entries) {
            const std::string inner = prefix + name;
            if (find_section(inner) != nullptr) {
                read_section(*value, inner);
            } else if (const Key* key = find_key(inner)) {
                if (key->slot != nullptr) read_value(*key, *value);
            } else if (section == nullptr || !section->open) {
                problems_.error(value->key_location, inner,
                                unknown_key_message(name, keys_of_section(path), key_elsewhere(name)));
            }
        }
    }

   private:
    void read_value(const Key& key, const ConfigNode& node) {
        std::visit([&](auto slot) { read(key, node, slot); }, key.slot(settings_));
    }

    void expected(const Key& key, const ConfigNode& node, const std::string& what) {
        const bool secret = key.kind == TextKind::secret;
        problems_.error(node.location, key.path,
                        "expected " + what + (secret ? "" : ", not " + what_it_is(node)));
    }

    void read(const Key& key, const ConfigNode& node, bool* slot) {
        const std::optional<bool> value = node.as_bool();
        if (value) {
            *slot = *value;
        } else {
            expected(key, node, "true or false");
        }
    }

    template <typename Number>
    void read(const Key& key, const ConfigNode& node, Number* slot) {
        const bool has_word = !key.word_for_zero.empty();
        if (has_word && node.type == ConfigNode::Type::scalar && node.scalar == key.word_for_zero) {
            *slot = 0;
            return;
        }
        const std::optional<int64_t> value = node.as_i64();
        if (value && *value >= key.min && *value <= key.max) {
            *slot = static_cast<Number>(*value);
            return;
        }
        expected(key, node,
                 (has_word ? key.word_for_zero + " or " : std::string()) + "a whole number" +
                     (key.unit.empty() ? "" : " of " + key.unit) + " from " + std::to_string(key.min) +
                     " to " + std::to_string(key.max));
    }

    void read(const Key& key, const ConfigNode& node, std::string* slot) {
        if (key.false_is_empty && node.as_bool() == false) {
            slot->clear();
        } else if (node.type != ConfigNode::Type::scalar) {
            expected(key, node, "text");
        } else {
            take_text(key, node, key.path, *slot);
        }
    }

    void read(const Key& key, const ConfigNode& node, std::vector<std::string>* slot) {
        if (!is_list(key, node)) return;
        slot->clear();
        for (size_t i = 0; i < node.items.size(); ++i) {
            const ConfigNode& item = *node.items[i];
            const std::string path = key.path + "[" + std::to_string(i) + "]";
            std::string value;
            if (item.type != ConfigNode::Type::scalar) {
                problems_.error(item.location, path, "expected text, not " + what_it_is(item));
            } else if (take_text(key, item, path, value)) {
                if (std::find(slot->begin(), slot->end(), value) != slot->end()) {
                    problems_.error(item.location, path, "is in the list twice");
                }
                slot->push_back(std::move(value));
            }
        }
    }

    void read(const Key& key, const ConfigNode& node, Choice slot) {
        if (node.type == ConfigNode::Type::scalar) {
            const auto found = std::find(slot.words->begin(), slot.words->end(), node.scalar);
            if (found != slot.words->end()) {
                *slot.value = static_cast<uint8_t>(found - slot.words->begin());
                return;
            }
        }
        const std::string near = nearest(node.scalar, *slot.words);
        problems_.error(node.location, key.path,
                        "expected " + type_name(key) + ", not " + what_it_is(node) +
                            (near.empty() ? "" : "; did you mean " + near + "?"));
    }

    void read(const Key& key, const ConfigNode& node, ConfigNodePtr* slot) {
        if (!is_list(key, node)) return;
        *slot = node.items.empty() ? nullptr : std::make_shared<ConfigNode>(node);
    }

    bool is_list(const Key& key, const ConfigNode& node) {
        if (node.type != ConfigNode::Type::list && node.type != ConfigNode::Type::null) {
            expected(key, node, "a list such as [a, b]");
            return false;
        }
        if (node.items.size() > max_list_items) {
            problems_.error(node.location, key.path,
                            "more than " + std::to_string(max_list_items) + " items");
            return false;
        }
        return true;
    }

    bool take_text(const Key& key, const ConfigNode& node, const std::string& path, std::string& out) {
        if (key.check != nullptr) {
            if (std::string why = key.check(node.scalar); !why.empty()) {
                problems_.error(node.location, path, why);
                return false;
            }
        }
        out = key.kind == TextKind::path ? node.as_path() : node.scalar;
        return true;
    }

    Settings& settings_;
    Problems& problems_;
};

}  // namespace

void read_settings(const ConfigNode& root, Settings& settings, Problems& problems) {
    Reader(settings, problems).read_section(root, "");
}

std::string unknown_key_message(std::string_view key, const std::vector<std::string>& valid,
                                std::string_view elsewhere) {
    if (!elsewhere.empty()) return "unknown key; did you mean " + std::string(elsewhere) + "?";
    if (const std::string near = nearest(key, valid); !near.empty())
        return "unknown key; did you mean " + near + "?";
    std::string message = "unknown key; the keys here are ";
    for (size_t i = 0; i < valid.size(); ++i)
        message += (i == 0 ? "" : ", ") + valid[i];
    return message;
}

std::string what_it_is(const ConfigNode& node) {
    switch (node.type) {
        case ConfigNode::Type::null:
            return "nothing";
        case ConfigNode::Type::list:
            return "a list";
        case ConfigNode::Type::map:
            return "keys and values";
        case ConfigNode::Type::scalar:
            break;
    }
    return (node.quoted ? "the text " : "") + quote_for_message(node.scalar);
}

const ConfigNode* find_node(const ConfigNode& root, std::string_view path) {
    const ConfigNode* node = &root;
    while (node != nullptr && !path.empty()) {
        const size_t dot = path.find('.');
        node = node->get(path.substr(0, dot));
        path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    return node;
}

}  // namespace gatewayd::config
