// Space: one space of gw.store/1 as a plugin uses it: batches to commit, scans, and one blocking load for
// Start. It only submits; `done` comes on the store's thread, in the order of the calls, and must not block.
// Any thread. The service outlives it.
#ifndef GATEWAYD_PLUGINS_COMMON_STORAGE_H
#define GATEWAYD_PLUGINS_COMMON_STORAGE_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/ext/store.h"
#include "gateway/plugin.hpp"

namespace storage {

// What is done all together or not at all. At most GW_STORE_MAX_OPS.
class Batch {
   public:
    void put(std::string key, std::string value) {
        ops_.push_back({GW_STORE_PUT, std::move(key), std::move(value)});
    }
    void erase(std::string key) { ops_.push_back({GW_STORE_DELETE, std::move(key), {}}); }
    void erase_prefix(std::string key) { ops_.push_back({GW_STORE_DELETE_PREFIX, std::move(key), {}}); }
    // key + a number of 8 bytes, one more than the greatest that is there.
    void append(std::string key, std::string value) {
        ops_.push_back({GW_STORE_APPEND, std::move(key), std::move(value)});
    }
    // Calls each(kind, key, value), in order.
    template <typename Each>
    void for_each(Each&& each) const {
        for (const Op& op : ops_)
            each(op.kind, op.key, op.value);
    }
    size_t size() const { return ops_.size(); }
    bool empty() const { return ops_.empty(); }

   private:
    friend class Space;
    struct Op {
        uint32_t kind;
        std::string key;
        std::string value;
    };
    std::vector<Op> ops_;
};

using Entry = std::pair<std::string, std::string>;     // key, value
using KeyRange = std::pair<std::string, std::string>;  // [from, to)

struct Answer {
    int32_t status = GW_OK;  // gw_store_result
    std::string message;
    std::vector<Entry> entries;
    bool more = false;
    bool ok() const { return status == GW_OK; }
};
using Done = std::function<void(const Answer&)>;

class Space {
   public:
    using Source = std::function<std::shared_ptr<const gw_store_v1>()>;  // null: nobody offers it now

    Space(Source source, std::string name);
    // Waits until the store's thread has left the last `done`: this code may be unmapped after that.
    ~Space();
    Space(const Space&) = delete;
    Space& operator=(const Space&) = delete;

    // GW_OK: done will be called, once. Else what gw.store/1 says, GW_E_STATE when there is no store; done is
    // not called.
    int32_t commit(const Batch& batch, Done done);
    // Keys in [from, to), at most `limit`; an empty `to` is the end.
    int32_t scan(std::string_view from, std::string_view to, uint32_t limit, bool reverse, Done done);
    // Commits that are submitted after it are tried again after a failure.
    int32_t recover();

    // Everything in [from, to), page by page, on the caller's thread, which waits: for Start alone. Throws
    // what fails, and when it takes longer than 30 s a page.
    void load(std::string_view from, std::string_view to, const std::function<void(const Entry&)>& each);

   private:
    class Calls;  // those that are under way
    struct Call;
    // What commit() and scan() do with the store's answer to whether it took the call.
    int32_t submitted(int32_t code, std::unique_ptr<Call> call);

    const Source source_;
    const std::string name_;
    const std::shared_ptr<Calls> calls_;
};

}  // namespace storage

#endif
