#include "core/config/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/config/plugin_entries.h"

namespace gatewayd {

namespace {

using config::Choice;
using config::Key;
using config::Section;
using config::Slot;
using config::TextKind;

constexpr size_t max_line_bytes = 110;
constexpr const char* mask = "\"***\"";

bool is_plain_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
}

// Text that YAML, and whoever reads it, takes for text without quotes.
bool is_plain_text(const std::string& text) {
    static const char* const other_meaning[] = {"true", "false", "null", "yes", "no", "on", "off"};
    if (text.empty() || !((text[0] >= 'a' && text[0] <= 'z') || text[0] == '/')) return false;
    if (!std::all_of(text.begin(), text.end(), is_plain_char)) return false;
    return std::find(std::begin(other_meaning), std::end(other_meaning), text) == std::end(other_meaning);
}

// `is_value`: a dollar is doubled, since ${NAME} is expanded in values but not in keys.
std::string quoted(const std::string& text, bool is_value = true) {
    static const char* const digits = "0123456789abcdef";
    std::string out = "\"";
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            out += std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
        } else if (c == '$' && is_value) {
            out += "$$";
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string as_yaml(const std::string& text) {
    return is_plain_text(text) ? text : quoted(text);
}

std::string key_as_yaml(const std::string& key) {
    return is_plain_text(key) ? key : quoted(key, false);
}

std::string as_yaml(const std::vector<std::string>& list) {
    std::string out = "[";
    for (const std::string& item : list)
        out += (out.size() == 1 ? "" : ", ") + as_yaml(item);
    return out + "]";
}

struct ValueText {
    const Key& key;

    std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
    template <typename Number>
    std::string operator()(const Number* value) const {
        return *value == 0 && !key.word_for_zero.empty() ? key.word_for_zero : std::to_string(*value);
    }
    std::string operator()(const std::string* value) const {
        return value->empty() && key.false_is_empty ? "false" : as_yaml(*value);
    }
    std::string operator()(const std::vector<std::string>* value) const {
        if (key.kind != TextKind::secret || value->empty()) return as_yaml(*value);
        std::string out = "[";
        for (size_t i = 0; i < value->size(); ++i)
            out += (i == 0 ? "" : ", ") + std::string(mask);
        return out + "]";
    }
    std::string operator()(const Choice& choice) const { return choice.words->at(*choice.value); }
    std::string operator()(const ConfigNodePtr* value) const {
        return *value ? "[" + std::string(mask) + "]" : std::string("[]");
    }
};

bool names_a_secret(std::string key) {
    for (char& c : key) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    // How large or how old one may be is none: max_token_size.
    for (const std::string_view ending : {"_size", "_ttl"}) {
        if (key.size() > ending.size() && key.compare(key.size() - ending.size(), ending.size(), ending) == 0)
            return false;
    }
    for (const char* word :
         {"key", "secret", "password", "passwd", "token", "credential", "private", "authorization"}) {
        if (key.find(word) != std::string::npos) return true;
    }
    return false;
}

class Writer {
   public:
    std::string take() { return std::move(text_); }

    void line(size_t indent, const std::string& content) {
        text_ += std::string(indent, ' ') + content + "\n";
    }
    void blank() { text_ += "\n"; }

    // Wrapped at the line's width.
    void comment(size_t indent, const std::string& content) {
        const size_t width = max_line_bytes - indent - 2;
        size_t at = 0;
        while (at < content.size()) {
            size_t end = content.size();
            if (end - at > width) {
                const size_t space = content.rfind(' ', at + width);
                end = space == std::string::npos || space <= at ? content.find(' ', at) : space;
                if (end == std::string::npos) end = content.size();
            }
            line(indent, "# " + content.substr(at, end - at));
            at = end + 1;
        }
    }

    // What belongs behind "key:" or "-": on the same line, or indented below.
    void node(size_t indent, const std::string& lead, const ConfigNode& value, bool secret) {
        switch (value.type) {
            case ConfigNode::Type::null:
                line(indent, lead + " null");
                return;
            case ConfigNode::Type::scalar:
                line(indent, lead + " " +
                                 (secret         ? mask
                                  : value.quoted ? quoted(value.scalar)
                                                 : scalar(value)));
                return;
            case ConfigNode::Type::list:
                line(indent, lead + (value.items.empty() ? " []" : ""));
                for (const ConfigNodePtr& item : value.items)
                    node(indent + 2, "-", *item, secret);
                return;
            case ConfigNode::Type::map:
                line(indent, lead + (value.entries.empty() ? " {}" : ""));
                for (const auto& [key, inner] : value.entries) {
                    node(indent + 2, key_as_yaml(key) + ":", *inner, secret || names_a_secret(key));
                }
                return;
        }
    }

   private:
    static std::string scalar(const ConfigNode& value) {
        const bool typed = value.as_bool() || value.as_i64() || value.as_f64();
        return typed ? value.scalar : as_yaml(value.scalar);
    }

    std::string text_;
};

class Renderer {
   public:
    Renderer(const Settings& settings, bool with_comments)
        : settings_(settings), with_comments_(with_comments) {}

    std::string run() {
        if (with_comments_) {
            out_.line(0, "# yaml-language-server: $schema=gatewayd.schema.json");  // for editors
            out_.comment(
                0, "Every key of gatewayd's configuration with its default; a file needs only what differs.");
            out_.comment(
                0,
                "This text is made from core/config/schema.cc and a test compares the two. ${NAME} and "
                "${NAME:-default} stand for environment variables, $$ for a dollar; relative paths start at "
                "this "
                "file's folder. docs/configuration.md says more.");
        }
        std::string section;
        for (const Key& key : config::schema_keys()) {
            enter(section, std::string(config::parent_of(key.path)));
            write_key(key);
        }
        return out_.take();
    }

   private:
    static size_t indent_of(const std::string& path) {
        return 2 * static_cast<size_t>(std::count(path.begin(), path.end(), '.'));
    }

    // Writes the headings from `section` to `next`.
    void enter(std::string& section, const std::string& next) {
        if (section == next) return;
        const std::string parent(config::parent_of(next));
        const bool inside = section == next || section.rfind(next + ".", 0) == 0;
        if (!inside) {
            if (!parent.empty() && section != parent && section.rfind(parent + ".", 0) != 0)
                enter(section, parent);
            heading(*config::find_section(next));
        }
        section = next;
    }

    void heading(const Section& section) {
        const size_t indent = indent_of(section.path);
        if (with_comments_) {
            out_.blank();
            out_.comment(indent, section.meaning);
        }
        out_.line(indent, std::string(config::leaf_of(section.path)) + ":");
    }

    void write_key(const Key& key) {
        const size_t indent = indent_of(key.path);
        const std::string leaf(config::leaf_of(key.path));
        if (with_comments_) {
            std::string about = config::range_text(key);
            if (about.empty() && key.slot != nullptr) about = config::type_name(key);
            out_.comment(indent, about.empty() ? key.meaning : "(" + about + ") " + key.meaning);
        }
        if (key.path == "wsc.tls.sni") {
            write_names(indent, leaf);
            return;
        }
        if (key.path == "wsc.security.permissions") {
            write_permissions(indent, leaf);
            return;
        }
        if (key.slot == nullptr) {
            write_plugins(indent, leaf);
            return;
        }
        const std::string value = std::visit(ValueText{key}, key.slot(settings_));
        out_.line(indent, leaf + ": " + value);
    }

    void write_names(size_t indent, const std::string& leaf) {
        const auto& sni = settings_.wsc.tls.sni;
        if (with_comments_) {
            for (const char* example : {"  - names: [chat.example.org, \"*.example.net\"]",
                                        "    cert: /etc/gatewayd/org.pem", "    key: /etc/gatewayd/org.key"})
                out_.line(indent, std::string("# ") + example);
        }
        out_.line(indent, leaf + (sni.empty() ? ": []" : ":"));
        for (const TlsNameSettings& entry : sni) {
            out_.line(indent + 2, "- names: " + as_yaml(entry.names));
            out_.line(indent + 4, "cert: " + as_yaml(entry.cert));
            out_.line(indent + 4, "key: " + as_yaml(entry.key));
        }
    }

    void write_permissions(size_t indent, const std::string& leaf) {
        const auto& permissions = settings_.wsc.security.permissions;
        if (with_comments_) {
            for (const char* example : {"  message_users: [\"*\"]", "  use_groups: [agent, admin]"})
                out_.line(indent, std::string("# ") + example);
        }
        out_.line(indent, leaf + (permissions.empty() ? ": {}" : ":"));
        for (const PermissionSettings& entry : permissions)
            out_.line(indent + 2, as_yaml(entry.rule) + ": " + as_yaml(entry.user_types));
    }

    void write_plugins(size_t indent, const std::string& leaf) {
        const auto& load = settings_.plugins.load;
        const bool any_listed =
            std::any_of(load.begin(), load.end(), [](const auto& plugin) { return plugin.listed; });
        if (with_comments_) {
            for (const char* example :
                 {"  - name: audit", "    config: { file: /var/log/gatewayd/audit.jsonl }",
                  "  - name: acme-filter", "    path: /opt/acme/filter.so", "    on_error: open",
                  "    budget_ms: 5", "    on_overrun: bypass"}) {
                out_.line(indent, std::string("# ") + example);
            }
        }
        out_.line(indent, leaf + (any_listed ? ":" : ": []"));
        for (const PluginSettings& plugin : load) {
            if (plugin.listed) {
                write_plugin(indent + 2, plugin);
            } else {
                out_.line(indent + 2, "# " + plugin.name + ": not listed, brought by " + plugin.required_by);
            }
        }
    }

    void write_plugin(size_t indent, const PluginSettings& plugin) {
        if (!plugin.required_by.empty())
            out_.line(indent, "# with the configuration of " + plugin.required_by);
        out_.line(indent, "- name: " + as_yaml(plugin.name));
        if (!plugin.path.empty()) out_.line(indent + 2, "path: " + as_yaml(plugin.path));
        out_.line(indent + 2,
                  std::string("on_error: ") + (plugin.on_error == OnError::open ? "open" : "closed"));
        if (plugin.on_crash == OnCrash::skip) out_.line(indent + 2, "on_crash: skip");
        if (plugin.allow_unsafe) out_.line(indent + 2, "allow_unsafe: true");
        if (plugin.budget_ms > 0) {
            out_.line(indent + 2, fmt::format("budget_ms: {}", plugin.budget_ms));
            out_.line(indent + 2,
                      "on_overrun: " + config::overrun_words[static_cast<size_t>(plugin.on_overrun)]);
            out_.line(indent + 2, "overrun_limit: " + std::to_string(plugin.overrun_limit));
            out_.line(indent + 2, "overrun_retry_ms: " + std::to_string(plugin.overrun_retry_ms));
        }
        out_.node(indent + 2, "config:", *plugin.config, false);
    }

    Settings settings_;  // a copy: slots point to what may be changed
    const bool with_comments_;
    Writer out_;
};

}  // namespace

std::string render_reference() {
    return Renderer(Settings(), true).run();
}

std::string render_effective(const Settings& settings) {
    return Renderer(settings, false).run();
}

ConfigNodePtr config::default_node(const Key& key, const std::string& base_folder) {
    if (key.slot == nullptr) return nullptr;
    Settings settings;
    const Slot slot = key.slot(settings);
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(slot);
    if (is_list || std::holds_alternative<ConfigNodePtr*>(slot)) return nullptr;
    auto node = std::make_shared<ConfigNode>();
    node->type = ConfigNode::Type::scalar;
    node->quoted = std::holds_alternative<std::string*>(slot);
    node->scalar = node->quoted ? *std::get<std::string*>(slot) : std::visit(ValueText{key}, slot);
    node->location = "the default of " + key.path;
    node->key_location = node->location;
    node->base_folder = base_folder;
    return node;
}

}  // namespace gatewayd
