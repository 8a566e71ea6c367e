#include "core/chain/attributes.h"

#include <algorithm>

namespace gatewayd {

const std::string* Attributes::get(std::string_view name) const {
    if (!entries_) return nullptr;
    for (const auto& [key, value] : *entries_) {
        if (key == name) return &value;
    }
    return nullptr;
}

bool Attributes::set(std::string_view name, std::string_view value) {
    if (name.empty() || name.size() > max_attribute_name_bytes || value.size() > max_attribute_bytes)
        return false;
    if (!entries_) {
        if (value.empty()) return true;
        entries_ = std::make_unique<std::vector<std::pair<std::string, std::string>>>();
    }
    const auto found = std::find_if(entries_->begin(), entries_->end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (value.empty()) {
        if (found != entries_->end()) entries_->erase(found);
        return true;
    }
    if (found != entries_->end()) {
        found->second = value;
        return true;
    }
    if (entries_->size() >= max_attributes) return false;
    entries_->emplace_back(name, value);
    return true;
}

}  // namespace gatewayd
