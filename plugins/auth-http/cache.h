// Cache: outcomes by question, for a while. At most max_entries: the oldest goes. Nothing locks here: its
// owner does. Times are the owner's clock in milliseconds.
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_CACHE_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_CACHE_H

#include <cstdint>
#include <list>
#include <string_view>
#include <unordered_map>

#include "answer.h"
#include "question.h"

namespace auth_http {

class Cache {
   public:
    explicit Cache(size_t max_entries) : max_entries_(max_entries) {}

    OutcomePtr find(const Key& key, int64_t now_ms);  // null: none that still counts
    void put(const Key& key, OutcomePtr outcome, int64_t until_ms, int64_t now_ms);
    // How many they were.
    size_t forget_all();
    size_t forget_user(std::string_view user_id);
    size_t size() const { return entries_.size(); }

   private:
    struct Entry {
        Key key;
        OutcomePtr outcome;
        int64_t until_ms;
    };
    using Entries = std::list<Entry>;  // the oldest first
    void erase(Entries::iterator entry);

    const size_t max_entries_;
    Entries entries_;
    std::unordered_map<Key, Entries::iterator, KeyHash> places_;
};

}  // namespace auth_http

#endif
