#include "core/config/checks.h"

#include "core/base/cidr.h"
#include "core/config/problems.h"

namespace gatewayd::config {

namespace {

constexpr size_t max_name_size_bytes = 64;
constexpr size_t max_url_path_size_bytes = 256;
constexpr size_t min_api_key_size_bytes = 16;
constexpr size_t max_api_key_size_bytes = 512;

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_visible_ascii(char c) {
    return c > 0x20 && c < 0x7F;
}

}  // namespace

std::string check_ip(std::string_view text) {
    if (is_ip_literal(text)) return {};
    return "expected an IP address such as 0.0.0.0 or ::, not " + quote_for_message(text);
}

std::string check_network(std::string_view text) {
    std::string why;
    if (Cidr::parse(text, &why)) return {};
    return quote_for_message(text) + ": " + why;
}

std::string check_listen(std::string_view text) {
    if (text.empty() || parse_listen_address(text)) return {};
    return "expected IP:PORT such as 127.0.0.1:8082 or [::1]:8082, or false, not " + quote_for_message(text);
}

std::string check_url_path(std::string_view text) {
    bool fine = !text.empty() && text.front() == '/' && text.size() <= max_url_path_size_bytes;
    for (char c : text)
        fine = fine && is_visible_ascii(c) && c != '?' && c != '#';
    if (fine) return {};
    return "expected a path such as /ws: '/' first, visible ASCII, no '?' or '#', at most 256 bytes; not " +
           quote_for_message(text);
}

std::string check_plugin_name(std::string_view text) {
    bool fine = !text.empty() && is_lower_or_digit(text.front()) && text.size() <= max_name_size_bytes;
    for (char c : text)
        fine = fine && (is_lower_or_digit(c) || c == '.' || c == '_' || c == '-');
    if (fine) return {};
    return "expected a plugin's name: a-z, 0-9, '.', '_' and '-', a letter or digit first, at most 64 bytes; "
           "not " +
           quote_for_message(text);
}

std::string check_user_type(std::string_view text) {
    bool fine = !text.empty() && text.size() <= max_name_size_bytes;
    for (char c : text) {
        fine = fine && (is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.');
    }
    if (fine) return {};
    return "expected a user type: letters, digits, '.', '_' and '-', at most 64 bytes; not " +
           quote_for_message(text);
}

std::string check_api_key(std::string_view text) {
    for (char c : text) {
        if (!is_visible_ascii(c))
            return "an API key is visible ASCII without spaces: it travels in an HTTP header";
    }
    if (text.size() < min_api_key_size_bytes) return "an API key has at least 16 characters";
    if (text.size() > max_api_key_size_bytes) return "an API key has at most 512 characters";
    return {};
}

std::string check_folder(std::string_view text) {
    return text.empty() ? "expected a folder" : std::string();
}

}  // namespace gatewayd::config
