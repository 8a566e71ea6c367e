#include "config_json.h"

#include <cstdio>

#include "json.h"

namespace lua {
namespace {

void append_text(std::string_view text, std::string* out) {
    *out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') *out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
            *out += escaped;
        } else {
            *out += c;
        }
    }
    *out += '"';
}

void append_scalar(const gw_host* host, const gw_node* node, std::string* out) {
    int32_t flag = 0;
    int64_t whole = 0;
    double number = 0;
    gw_str text{nullptr, 0};
    if (host->node_bool(node, &flag) == GW_OK) {
        *out += flag != 0 ? "true" : "false";
    } else if (host->node_i64(node, &whole) == GW_OK) {
        *out += std::to_string(whole);
    } else if (host->node_f64(node, &number) == GW_OK && number - number == 0) {
        char digits[40];
        std::snprintf(digits, sizeof digits, "%.17g", number);
        *out += digits;
    } else if (host->node_str(node, &text) == GW_OK) {
        append_text(gateway::to_view(text), out);
    }
}

void append(const gw_host* host, const gateway::Config& config, int depth, std::string* out) {
    if (depth > max_json_depth) config.fail("too many levels");
    if (config.is_map()) {
        *out += '{';
        for (uint64_t i = 0; i < config.size(); ++i) {
            if (i > 0) *out += ',';
            append_text(config.key_at(i), out);
            *out += ':';
            append(host, config.at(i), depth + 1, out);
        }
        *out += '}';
    } else if (config.is_list()) {
        *out += '[';
        for (uint64_t i = 0; i < config.size(); ++i) {
            if (i > 0) *out += ',';
            append(host, config.at(i), depth + 1, out);
        }
        *out += ']';
    } else if (config.is_scalar()) {
        append_scalar(host, config.raw(), out);
    } else {
        *out += "null";
    }
}

}  // namespace

std::string config_json(const gw_host* host, const gateway::Config& config) {
    if (!config.exists()) return "{}";
    if (!config.is_map()) config.fail("must be a map of keys");
    std::string json;
    append(host, config, 0, &json);
    return json;
}

}  // namespace lua
