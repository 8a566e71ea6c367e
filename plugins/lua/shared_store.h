// SharedStore: gateway.shared, what all states of an instance see: small values by name, each with an
// optional end. It outlives a reload of the scripts. Any thread; one lock, held for a few instructions.
#ifndef GATEWAY_PLUGINS_LUA_SHARED_STORE_H
#define GATEWAY_PLUGINS_LUA_SHARED_STORE_H

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace lua {

constexpr size_t max_shared_key_bytes = 256;
constexpr size_t max_shared_value_bytes = 4096;

class SharedStore {
   public:
    using Value = std::variant<bool, double, std::string>;

    explicit SharedStore(size_t max_entries) : max_entries_(max_entries) {}

    // Copies into *out, so that what a caller reuses needs no memory each time. False: there is none.
    bool get(std::string_view key, uint64_t now_ns, Value* out) const;
    // end_ns 0: it stays. False: the store is full.
    bool set(std::string_view key, Value value, uint64_t now_ns, uint64_t end_ns);
    // Adds to a number, which is 0 when there is none; then only end_ns counts, else the old end stays.
    // Nothing: the store is full, or the value is no number.
    std::optional<double> add(std::string_view key, double amount, uint64_t now_ns, uint64_t end_ns);
    void remove(std::string_view key);
    size_t size() const;

   private:
    struct Entry {
        Value value;
        uint64_t end_ns = 0;
    };
    static bool is_over(const Entry& entry, uint64_t now_ns) {
        return entry.end_ns != 0 && now_ns >= entry.end_ns;
    }
    bool make_room(uint64_t now_ns);

    const size_t max_entries_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;  // guarded by mutex_, as is what follows
    uint64_t next_sweep_ns_ = 0;
};

}  // namespace lua

#endif
