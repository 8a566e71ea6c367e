#include "core/config/json_schema.h"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <cstdlib>

#include "core/config/checks.h"
#include "core/config/permission_entries.h"
#include "core/config/plugin_entries.h"
#include "core/config/settings_reader.h"
#include "core/config/tls_entries.h"

namespace gatewayd {

namespace {

using config::Choice;
using config::Key;
using config::Section;

// Text with a reference to the environment: what takes its place is known at the start only.
constexpr const char* environment_pattern = R"(\$\{[A-Za-z_])";
constexpr const char* environment_ref = "#/$defs/environment";

class SchemaWriter {
   public:
    SchemaWriter() { json_.SetIndent(' ', 2); }

    std::string run() {
        json_.StartObject();
        text("$schema", "https://json-schema.org/draft/2020-12/schema");
        text("title", "gatewayd.yaml");
        text("description",
             "The configuration of gatewayd, as `gatewayd schema` prints it. `gatewayd check` also finds "
             "what no schema can: keys that contradict each other, plugins that do not load.");
        members_of("");
        key("$defs");
        json_.StartObject();
        write_environment();
        write_plugin();
        write_certificate();
        json_.EndObject();
        json_.EndObject();
        return std::string(out_.GetString(), out_.GetSize()) + "\n";
    }

   private:
    void key(const std::string& name) { json_.Key(name.c_str()); }
    void value(const std::string& word) { json_.String(word.c_str()); }
    void text(const char* name, const std::string& word) {
        key(name);
        value(word);
    }
    void number(const char* name, int64_t count) {
        key(name);
        json_.Int64(count);
    }
    void one_of(const char* name, const std::vector<std::string>& words) {
        key(name);
        json_.StartArray();
        for (const std::string& word : words)
            value(word);
        json_.EndArray();
    }
    void reference(const char* to) {
        json_.StartObject();
        text("$ref", to);
        json_.EndObject();
    }

    // "type", "properties" and "additionalProperties" of a section; the document itself is "".
    void members_of(const std::string& path) {
        const Section* section = config::find_section(path);
        one_of("type", {"object", "null"});  // "wsc:" with nothing under it: the defaults
        key("properties");
        json_.StartObject();
        for (const Key& row : config::schema_keys()) {
            if (config::parent_of(row.path) != path) continue;
            key(std::string(config::leaf_of(row.path)));
            write_key(row);
        }
        for (const Section& inner : config::schema_sections()) {
            if (config::parent_of(inner.path) != path) continue;
            key(std::string(config::leaf_of(inner.path)));
            json_.StartObject();
            text("description", inner.meaning);
            members_of(inner.path);
            json_.EndObject();
        }
        json_.EndObject();
        key("additionalProperties");
        json_.Bool(section != nullptr && section->open);
    }

    void write_key(const Key& row) {
        json_.StartObject();
        const std::string about = config::range_text(row);
        text("description", about.empty() ? row.meaning : "(" + about + ") " + row.meaning);
        if (row.path == "wsc.tls.sni") {
            list_of("#/$defs/certificate", config::max_tls_certificates);
        } else if (row.path == "wsc.security.permissions") {
            lists_by_name(config::max_permissions);
        } else if (row.slot == nullptr) {
            list_of("#/$defs/plugin", config::max_plugins);
        } else {
            std::visit([&](auto slot) { write_type(row, slot); }, row.slot(defaults_));
        }
        json_.EndObject();
    }

    void list_of(const char* item_reference, size_t max_items) {
        one_of("type", {"array", "null"});
        number("maxItems", static_cast<int64_t>(max_items));
        key("items");
        reference(item_reference);
        key("default");
        json_.StartArray();
        json_.EndArray();
    }

    // Names of the operator's choice, each with a list of texts.
    void lists_by_name(size_t max_names) {
        one_of("type", {"object", "null"});
        number("maxProperties", static_cast<int64_t>(max_names));
        key("additionalProperties");
        json_.StartObject();
        text("type", "array");
        key("items");
        json_.StartObject();
        text("type", "string");
        json_.EndObject();
        json_.EndObject();
        key("default");
        json_.StartObject();
        json_.EndObject();
    }

    // anyOf: what `own` writes, or a reference to the environment.
    template <typename Own>
    void or_environment(Own own) {
        key("anyOf");
        json_.StartArray();
        own();
        reference(environment_ref);
        json_.EndArray();
    }

    void write_type(const Key& /*row*/, const bool* slot) {
        key("default");
        json_.Bool(*slot);
        or_environment([&] {
            json_.StartObject();
            text("type", "boolean");
            json_.EndObject();
        });
    }

    template <typename Number>
    void write_type(const Key& row, const Number* slot) {
        const bool has_word = !row.word_for_zero.empty();
        if (*slot == 0 && has_word) {
            text("default", row.word_for_zero);
        } else {
            number("default", *slot);
        }
        or_environment([&] {
            json_.StartObject();
            text("type", "integer");
            number("minimum", row.min);
            number("maximum", row.max);
            json_.EndObject();
            if (has_word) constant(row.word_for_zero);
        });
    }

    void constant(const std::string& word) {
        json_.StartObject();
        text("const", word);
        json_.EndObject();
    }

    // A text of the row's form, or with a reference to the environment in it.
    void text_form(const Key& row) {
        const std::string pattern = config::pattern_of(row.check);
        if (pattern.empty()) {
            text("type", "string");
            return;
        }
        or_environment([&] {
            json_.StartObject();
            text("type", "string");
            text("pattern", pattern);
            json_.EndObject();
            if (row.false_is_empty) {
                json_.StartObject();
                key("const");
                json_.Bool(false);
                json_.EndObject();
            }
        });
    }

    void write_type(const Key& row, const std::string* slot) {
        text("default", *slot);
        text_form(row);
    }

    void write_type(const Key& row, const std::vector<std::string>* slot) {
        one_of("default", *slot);
        one_of("type", {"array", "null"});
        number("maxItems", static_cast<int64_t>(config::max_list_items));
        key("uniqueItems");
        json_.Bool(true);
        key("items");
        json_.StartObject();
        text_form(row);
        json_.EndObject();
    }

    void write_type(const Key& /*row*/, const Choice& slot) {
        const std::vector<std::string>& words = *slot.words;
        // Words such as 1.2, which YAML takes for numbers when they stand without quotes.
        const bool numbers = std::all_of(words.begin(), words.end(), [](const std::string& word) {
            return word.find_first_not_of("0123456789.") == std::string::npos;
        });
        const auto number_of = [](const std::string& word) { return std::strtod(word.c_str(), nullptr); };
        if (numbers) {
            key("default");
            json_.Double(number_of(words.at(*slot.value)));
        } else {
            text("default", words.at(*slot.value));
        }
        or_environment([&] {
            json_.StartObject();
            one_of("enum", words);
            json_.EndObject();
            if (!numbers) return;
            json_.StartObject();
            key("enum");
            json_.StartArray();
            for (const std::string& word : words)
                json_.Double(number_of(word));
            json_.EndArray();
            json_.EndObject();
        });
    }

    // Handed on unread.
    void write_type(const Key& /*row*/, const ConfigNodePtr* /*slot*/) {
        one_of("type", {"array", "null"});
        number("maxItems", static_cast<int64_t>(config::max_list_items));
        key("default");
        json_.StartArray();
        json_.EndArray();
    }

    void write_environment() {
        key("environment");
        json_.StartObject();
        text("description", "${NAME} or ${NAME:-default}: the environment variable of that name.");
        text("type", "string");
        text("pattern", environment_pattern);
        json_.EndObject();
    }

    // An entry of plugins.load; plugin_entries.h reads it.
    void write_plugin() {
        key("plugin");
        json_.StartObject();
        text("type", "object");
        one_of("required", {"name"});
        key("properties");
        json_.StartObject();
        Key name;
        name.check = config::check_plugin_name;
        entry_key("name", "The name of this instance, unique.", [&] { text_form(name); });
        entry_key("path", "The .so file. Without one: <name>.so in the folders of plugins.path.", [&] {
            text("type", "string");
            number("minLength", 1);
        });
        entry_key("on_error", "closed: what it fails on is refused; open: the gateway goes on without it.",
                  [&] {
                      text("default", "closed");
                      or_environment([&] {
                          json_.StartObject();
                          one_of("enum", {"closed", "open"});
                          json_.EndObject();
                      });
                  });
        entry_key(
            "on_crash",
            "restart: it is loaded again whatever it did; skip: after plugins.crash_limit crashes in a row "
            "the gateway starts without it.",
            [&] {
                text("default", "restart");
                or_environment([&] {
                    json_.StartObject();
                    one_of("enum", {"restart", "skip"});
                    json_.EndObject();
                });
            });
        const bool no = false;
        entry_key("allow_unsafe",
                  "true: on_error may be open, on_crash skip, and on_overrun bypass, for handshake and auth "
                  "plugins "
                  "too.",
                  [&] { write_type(name, &no); });
        write_budget();
        entry_key("config", "What the plugin's README says.", [&] { one_of("type", {"object", "null"}); });
        json_.EndObject();
        key("dependentRequired");
        json_.StartObject();
        for (const char* dependent : {"on_overrun", "overrun_limit", "overrun_retry_ms"})
            one_of(dependent, {"budget_ms"});
        json_.EndObject();
        key("additionalProperties");
        json_.Bool(false);
        json_.EndObject();
    }

    // Of an entry of plugins.load.
    void write_budget() {
        const PluginSettings defaults;
        entry_key(
            "budget_ms",
            "(milliseconds, 0.001 to 60000) What one call may take; then every call is timed. Calls over "
            "it are counted and logged.",
            [&] {
                or_environment([&] {
                    json_.StartObject();
                    text("type", "number");
                    key("minimum");
                    json_.Double(config::min_budget_ms);
                    key("maximum");
                    json_.Double(config::max_budget_ms);
                    json_.EndObject();
                });
            });
        entry_key(
            "on_overrun",
            "After overrun_limit calls over budget_ms in a row: bypass: requests go on without the plugin; "
            "reject: they are refused as if it had failed; log: neither.",
            [&] {
                text("default", config::overrun_words[static_cast<size_t>(defaults.on_overrun)]);
                or_environment([&] {
                    json_.StartObject();
                    one_of("enum", config::overrun_words);
                    json_.EndObject();
                });
            });
        Key limit;
        limit.min = 1;
        limit.max = config::max_overrun_limit;
        entry_key("overrun_limit", "(calls, 1 to 1000000) See on_overrun.",
                  [&] { write_type(limit, &defaults.overrun_limit); });
        Key retry;
        retry.min = config::min_overrun_retry_ms;
        retry.max = config::max_overrun_retry_ms;
        entry_key("overrun_retry_ms",
                  "(milliseconds, 100 to 3600000) How long until one call is tried again; within the budget, "
                  "the plugin is back.",
                  [&] { write_type(retry, &defaults.overrun_retry_ms); });
    }

    // An entry of wsc.tls.sni; tls_entries.h reads it.
    void write_certificate() {
        const auto file = [&] {
            text("type", "string");
            number("minLength", 1);
        };
        key("certificate");
        json_.StartObject();
        text("type", "object");
        one_of("required", {"names", "cert", "key"});
        key("properties");
        json_.StartObject();
        entry_key("names", "The names that clients ask for, exact or \"*.example.com\".", [&] {
            text("type", "array");
            number("minItems", 1);
            number("maxItems", static_cast<int64_t>(config::max_tls_names));
            key("items");
            json_.StartObject();
            Key name;
            name.check = config::check_tls_name;
            text_form(name);
            json_.EndObject();
        });
        entry_key("cert", "The certificate and its chain, PEM.", file);
        entry_key("key", "Its private key, PEM.", file);
        json_.EndObject();
        key("additionalProperties");
        json_.Bool(false);
        json_.EndObject();
    }

    template <typename Form>
    void entry_key(const char* name, const char* meaning, Form form) {
        key(name);
        json_.StartObject();
        text("description", meaning);
        form();
        json_.EndObject();
    }

    rapidjson::StringBuffer out_;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> json_{out_};
    Settings defaults_;  // slots point into it
};

}  // namespace

std::string render_json_schema() {
    return SchemaWriter().run();
}

std::string config::pattern_of(Check check) {
    if (check == check_url_path) return R"(^/[!-"$->@-~]{0,255}$)";
    if (check == check_plugin_name) return "^[a-z0-9][a-z0-9._-]{0,63}$";
    if (check == check_user_type) return "^[A-Za-z0-9._-]{1,64}$";
    if (check == check_api_key) return "^[!-~]{16,512}$";
    if (check == check_ip) return "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$";
    if (check == check_network)
        return "^([0-9]{1,3}(\\.[0-9]{1,3}){3}(/([12]?[0-9]|3[0-2]))?|"
               "[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$";
    if (check == check_listen)
        return "^$|^([0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\\]):[0-9]{1,5}$";
    if (check == check_folder) return "^.";
    if (check == check_tls_name) return R"(^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$)";
    if (check == what_is_wrong_with_origin) return "^(\\*|[A-Za-z][A-Za-z0-9+.-]*://(\\*\\.)?[^/?#]+)$";
    return {};
}

}  // namespace gatewayd
