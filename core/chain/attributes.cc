#include "core/chain/attributes.h"

#include <algorithm>

namespace gatewayd {

const std::string* Attributes::get(std::string_view name) const {
    if (!entries_) return nullptr;
    for (const auto& [key, value] : entries_->now) {
        if (key == name) return &value;
    }
    return nullptr;
}

bool Attributes::set(std::string_view name, std::string_view value) {
    if (name.empty() || name.size() > max_attribute_name_bytes || value.size() > max_attribute_bytes)
        return false;
    if (!entries_) {
        if (value.empty()) return true;
        entries_ = std::make_unique<Entries>();
    }
    List& now = entries_->now;
    const auto found =
        std::find_if(now.begin(), now.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == now.end() && !value.empty() && now.size() >= max_attributes) return false;
    if (!value.empty()) now.emplace_back(name, value);  // first: it may be a view of what it replaces
    if (found != now.end()) entries_->replaced.splice(entries_->replaced.end(), now, found);
    return true;
}

}  // namespace gatewayd
