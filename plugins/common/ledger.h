// Ledger: what a plugin that keeps a model of its own in memory has of its space in the store. Changes are
// submitted in the order in which the model makes them. When the store fails on one, the ledger closes:
// nothing more is taken, everything is read anew, the owner makes its model of that, and the ledger opens
// again; so whatever was refused has not happened. The tries are paced: 20 ms to 10 s apart.
//
// [any] but for what says otherwise. Shared: what is under way at the store holds it. Its lock is a leaf: it
// may be called under the owner's.
#ifndef GATEWAYD_PLUGINS_COMMON_LEDGER_H
#define GATEWAYD_PLUGINS_COMMON_LEDGER_H

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/plugin.hpp"
#include "storage.h"

namespace storage {

class Ledger : public std::enable_shared_from_this<Ledger> {
   public:
    using Entries = std::vector<Entry>;
    // Makes the model of what is durable. On the store's thread; commits before it all ended. After it the
    // ledger is open.
    using Adopt = std::function<void(const Entries&)>;

    // `what`: for the log, "tickets". ranges: what the model is made of, in this order.
    Ledger(const gateway::Host& host, Space::Source store, const std::string& space, std::string what,
           std::vector<KeyRange> ranges);

    // [control] In Start: reads everything, on this thread. Throws what fails.
    Entries load();
    // [control] Then, before the first commit.
    void begin(Adopt adopt);
    // [control] In Stop: waits until the store has answered what was submitted; at most 10 s.
    void stop();

    // False: nothing is taken now.
    bool is_open() const;
    // Nothing: it was taken, and `done` comes on the store's thread, once. Else why not, in words.
    std::string commit(const Batch& batch, Done done);
    // Keys in [from, to); GW_OK: done comes.
    int32_t scan(std::string_view from, std::string_view to, uint32_t limit, bool reverse, Done done);

   private:
    void committed(const Done& done, const Answer& answer);
    void failed(const std::string& why);
    void reload_later();
    void reload(size_t range, const std::string& from, std::shared_ptr<Entries> read);
    void adopt(const Entries& entries);
    bool take_off();
    void landed();

    const gateway::Host host_;
    const std::string what_;
    const std::vector<KeyRange> ranges_;
    Adopt adopt_;
    Space space_;

    mutable std::mutex mutex_;
    std::condition_variable all_landed_;
    size_t flights_ = 0;  // at the store
    bool failed_ = false;
    bool stopping_ = false;
    uint32_t retry_ms_ = 0;  // before the next try to load; 0: the last commit was fine
};

}  // namespace storage

#endif
