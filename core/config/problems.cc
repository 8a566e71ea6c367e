#include "core/config/problems.h"

#include <algorithm>

namespace gatewayd::config {

namespace {

std::string describe(std::string_view location, std::string_view path, std::string_view message) {
    std::string text(location);
    // The location of an override names the key already: "--set wsc.node_port".
    if (!path.empty() && location != "--set " + std::string(path)) {
        if (!text.empty()) text += ": ";
        text += path;
    }
    if (!text.empty()) text += ": ";
    text += message;
    // Keys are a stranger's text too: one line stays one line.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; },
        '?');
    return text;
}

}  // namespace

void Problems::error(std::string_view location, std::string_view path, std::string_view message) {
    if (!seen_.emplace(location, path).second) return;
    if (errors_.size() == max_errors) {
        ++dropped_;
        return;
    }
    errors_.push_back(describe(location, path, message));
}

void Problems::warn(std::string_view location, std::string_view path, std::string_view message) {
    if (warnings_.size() < max_errors) warnings_.push_back(describe(location, path, message));
}

std::vector<std::string> Problems::take_errors() {
    if (dropped_ > 0) errors_.push_back("and " + std::to_string(dropped_) + " more errors");
    return std::move(errors_);
}

std::string quote_for_message(std::string_view text) {
    constexpr size_t max_shown = 60;
    const bool cut = text.size() > max_shown;
    if (cut) {
        text = text.substr(0, max_shown);
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80)
            text.remove_suffix(1);
        if (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.remove_suffix(1);
    }
    std::string quoted = "\"";
    for (char c : text)
        quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    quoted += cut ? "...\"" : "\"";
    return quoted;
}

}  // namespace gatewayd::config
