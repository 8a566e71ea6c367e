// StringIndex: a hash table from text to entries that hold their own key, in one flat array: 8 bytes a slot
// for pointers, no node. Linear probing, backward-shift deletion, seeded hash. Not for several threads.
#ifndef GATEWAYD_CORE_BASE_STRING_INDEX_H
#define GATEWAYD_CORE_BASE_STRING_INDEX_H

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/siphash.h"

namespace gatewayd {

// Entry: a (smart) pointer, null when empty. KeyOf::key(entry) gives the text, constant while it is inside.
template <typename Entry, typename KeyOf>
class StringIndex {
   public:
    size_t size() const { return size_; }

    // The slot's entry, or null.
    Entry* find(std::string_view key) {
        if (slots_.empty()) return nullptr;
        for (size_t i = home(key);; i = next(i)) {
            if (!slots_[i]) return nullptr;
            if (KeyOf::key(slots_[i]) == key) return &slots_[i];
        }
    }

    // The key must not be inside yet.
    void insert(Entry entry) {
        if ((size_ + 1) * 4 > slots_.size() * 3) grow();
        place(std::move(entry));
        ++size_;
    }

    // Takes the entry out and returns it; null when it is not inside.
    Entry erase(std::string_view key) {
        Entry* found = find(key);
        if (!found) return Entry();
        Entry taken = std::move(*found);
        *found = Entry();
        --size_;
        size_t hole = static_cast<size_t>(found - slots_.data());
        for (size_t i = next(hole); slots_[i]; i = next(i)) {
            const size_t wanted = home(KeyOf::key(slots_[i]));
            // Move it back unless its home lies cyclically in (hole, i].
            const bool stays = hole <= i ? (hole < wanted && wanted <= i) : (hole < wanted || wanted <= i);
            if (stays) continue;
            slots_[hole] = std::move(slots_[i]);
            slots_[i] = Entry();
            hole = i;
        }
        return taken;
    }

    template <typename Each>
    void for_each(Each&& each) const {
        for (const Entry& entry : slots_) {
            if (entry) each(entry);
        }
    }

   private:
    size_t home(std::string_view key) const { return siphash(key) & (slots_.size() - 1); }
    size_t next(size_t i) const { return (i + 1) & (slots_.size() - 1); }
    void place(Entry entry) {
        size_t i = home(KeyOf::key(entry));
        while (slots_[i])
            i = next(i);
        slots_[i] = std::move(entry);
    }
    void grow() {
        std::vector<Entry> old(slots_.empty() ? 8 : slots_.size() * 2);
        old.swap(slots_);
        for (Entry& entry : old) {
            if (entry) place(std::move(entry));
        }
    }

    std::vector<Entry> slots_;  // a power of two
    size_t size_ = 0;
};

}  // namespace gatewayd

#endif
