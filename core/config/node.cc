#include "core/config/node.h"

#include <charconv>
#include <cmath>
#include <filesystem>

namespace gatewayd {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// [-]digits without a leading zero, which some read as octal.
bool looks_like_integer(std::string_view text) {
    if (!text.empty() && text.front() == '-') text.remove_prefix(1);
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
    for (char c : text) {
        if (!is_digit(c)) return false;
    }
    return true;
}

}  // namespace

const ConfigNode* ConfigNode::get(std::string_view key) const {
    if (type != Type::map) return nullptr;
    for (const auto& entry : entries) {
        if (entry.first == key) return entry.second.get();
    }
    return nullptr;
}

std::optional<bool> ConfigNode::as_bool() const {
    if (type != Type::scalar || quoted) return std::nullopt;
    if (scalar == "true") return true;
    if (scalar == "false") return false;
    return std::nullopt;
}

std::optional<int64_t> ConfigNode::as_i64() const {
    if (type != Type::scalar || quoted || !looks_like_integer(scalar)) return std::nullopt;
    int64_t value = 0;
    const char* end = scalar.data() + scalar.size();
    auto [stop, error] = std::from_chars(scalar.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::optional<double> ConfigNode::as_f64() const {
    if (type != Type::scalar || quoted || scalar.empty()) return std::nullopt;
    // from_chars also knows "inf" and "nan", which are no configuration values.
    if (!is_digit(scalar.back())) return std::nullopt;
    double value = 0;
    const char* end = scalar.data() + scalar.size();
    auto [stop, error] = std::from_chars(scalar.data(), end, value);
    if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string ConfigNode::as_path() const {
    if (type != Type::scalar || scalar.empty()) return {};
    return (std::filesystem::path(base_folder) / scalar).lexically_normal().string();
}

}  // namespace gatewayd
