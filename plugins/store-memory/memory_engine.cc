#include "memory_engine.h"

#include <iterator>
#include <utility>

namespace store {

Result MemoryEngine::begin() {
    undo_.clear();
    return {};
}

Result MemoryEngine::end() {
    undo_.clear();
    return {};
}

void MemoryEngine::set(Map& map, const std::string& key, std::optional<std::string> value) {
    const auto found = map.find(key);
    Undo undo{&map, key, std::nullopt};
    if (found != map.end()) {
        bytes_ -= key.size() + found->second.size();
        undo.value = std::move(found->second);
        if (!value) map.erase(found);
    }
    if (value) {
        bytes_ += key.size() + value->size();
        map[key] = std::move(*value);
    }
    undo_.push_back(std::move(undo));
}

void MemoryEngine::undo_to(size_t count) {
    while (undo_.size() > count) {
        Undo undo = std::move(undo_.back());
        undo_.pop_back();
        set(*undo.map, undo.key, std::move(undo.value));
        undo_.pop_back();  // what set() noted
    }
}

uint64_t MemoryEngine::next_number(const Map& map, const std::string& prefix) {
    const std::string first = prefix + number_bytes(0);
    auto at = map.upper_bound(prefix + std::string(8, '\xFF'));
    while (at != map.begin()) {
        --at;
        if (at->first < first) break;
        if (at->first.size() == first.size()) return number_of(at->first) + 1;
    }
    return 1;
}

Result MemoryEngine::commit(const std::string& space, const Ops& ops) {
    Map& map = spaces_[space];
    const size_t before = undo_.size();
    for (const Op& op : ops) {
        const auto found = map.find(op.key);
        switch (op.kind) {
            case GW_STORE_PUT:
                set(map, op.key, op.value);
                break;
            case GW_STORE_DELETE:
                if (found != map.end()) set(map, op.key, std::nullopt);
                break;
            case GW_STORE_APPEND:
                set(map, op.key + number_bytes(next_number(map, op.key)), op.value);
                break;
            case GW_STORE_DELETE_PREFIX:
                for (auto at = map.lower_bound(op.key);
                     at != map.end() && at->first.compare(0, op.key.size(), op.key) == 0;
                     at = map.lower_bound(op.key))
                    set(map, std::string(at->first), std::nullopt);
                break;
            default: {
                const bool holds = op.kind == GW_STORE_EXPECT
                                       ? found != map.end() && found->second == op.value
                                       : found == map.end();
                if (holds) break;
                undo_to(before);
                return Result::failure(GW_E_STATE, "an expectation of the commit does not hold");
            }
        }
    }
    if (bytes_ <= max_bytes_) return {};
    undo_to(0);
    return Result::failure(GW_E_FAIL, "the store is full: max_size is reached");
}

Result MemoryEngine::get(const std::string& space, const std::string& key) {
    const Map& map = spaces_[space];
    const auto found = map.find(key);
    if (found == map.end()) return Result::failure(GW_E_NOTFOUND, "no such key");
    Result result;
    result.entries.emplace_back(*found);
    return result;
}

Result MemoryEngine::scan(const std::string& space, const Range& range) {
    const Map& map = spaces_[space];
    Result result;
    const auto first = map.lower_bound(range.from);
    const auto last = range.to.empty() ? map.end() : map.lower_bound(range.to);
    if (!range.to.empty() && range.to <= range.from) return result;
    const auto take = [&](const Map::value_type& entry) {
        result.more = result.entries.size() == range.limit;
        if (!result.more) result.entries.emplace_back(entry);
        return !result.more;
    };
    if (range.reverse) {
        for (auto at = last; at != first && take(*std::prev(at)); --at) {
        }
    } else {
        for (auto at = first; at != last && take(*at); ++at) {
        }
    }
    return result;
}

}  // namespace store
