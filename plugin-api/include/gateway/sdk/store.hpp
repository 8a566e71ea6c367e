// The store (gateway/ext/store.h) as a plugin uses it: what is asked is answered on the control thread, or as
// a hook of a connection. Include it beside gateway/plugin.hpp:
//
//     class Counts : public gateway::Interceptor {
//         static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
//         gateway::Store store_{*this, "counts"};        // a space of its own
//         ...
//         store_.commit(host(), connection.id(), {gateway::StoreOp::put("n", "1")},
//                       [](const gateway::StoreAnswer& kept, gateway::Connection& c) {
//                           c.send(kept.ok() ? R"({"type":"kept"})" : R"({"type":"not_kept"})");
//                       });
//     };
//     GATEWAY_PLUGIN_WITH(Counts, "counts", "1.0.0", "message,events", "uses=gw.store/1\n")
//
// The store answers on its own thread; from there the answer goes through the gateway's pool of works
// (gw.work/1) to where it is wanted, in no order among several. A plugin for which every microsecond counts
// uses the table itself. [any] from Start to Stop. Functions run once, unless the connection is gone.
#ifndef GATEWAY_SDK_STORE_HPP
#define GATEWAY_SDK_STORE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/ext/store.h"
#include "gateway/sdk/service.hpp"
#include "gateway/sdk/work.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// What is done in one commit, all or nothing. Its texts live during the call.
struct StoreOp {
    uint32_t kind = GW_STORE_PUT;
    std::string_view key;
    std::string_view value;

    static StoreOp put(std::string_view key, std::string_view value) { return {GW_STORE_PUT, key, value}; }
    static StoreOp erase(std::string_view key) { return {GW_STORE_DELETE, key, {}}; }
    static StoreOp erase_prefix(std::string_view key) { return {GW_STORE_DELETE_PREFIX, key, {}}; }
    static StoreOp append(std::string_view key, std::string_view value) {
        return {GW_STORE_APPEND, key, value};
    }
    static StoreOp expect(std::string_view key, std::string_view value) {
        return {GW_STORE_EXPECT, key, value};
    }
    static StoreOp expect_none(std::string_view key) { return {GW_STORE_EXPECT_NONE, key, {}}; }
};

// Keys in [from, to), at most limit; an empty `to` is the end of the space.
struct StoreRange {
    std::string_view from;
    std::string_view to;
    uint32_t limit = 100;
    bool reverse = false;
};

struct StoreAnswer {
    int32_t status = GW_OK;  // gw_store_result
    std::string message;
    std::vector<std::pair<std::string, std::string>> entries;
    bool more = false;
    bool ok() const { return status == GW_OK; }
};

namespace detail {

// One call, from the store's thread to where its answer is wanted.
template <bool on_connection, typename Then>
struct StoreCall {
    Host host;
    gw_conn_id conn;
    Then then;

    static void answered(void* ud, const gw_store_result* result) {
        const std::unique_ptr<StoreCall> self(static_cast<StoreCall*>(ud));
        guarded(self->host.raw(), self->host.inst(), "an answer of the store", [&] {
            auto answer = std::make_shared<StoreAnswer>();
            answer->status = result->status;
            answer->message = to_view(result->message);
            answer->more = result->more != 0;
            for (uint64_t i = 0; i < result->count; ++i) {
                answer->entries.emplace_back(to_view(result->entries[i].key),
                                             to_view(result->entries[i].value));
            }
            const auto nothing = [] {};
            if constexpr (on_connection) {
                run(self->host, self->conn, nothing,
                    [answer, then = std::move(self->then)](Connection& c) mutable {
                        then(static_cast<const StoreAnswer&>(*answer), c);
                    });
            } else {
                run(self->host, nothing, [answer, then = std::move(self->then)]() mutable {
                    then(static_cast<const StoreAnswer&>(*answer));
                });
            }
            return GW_OK;
        });
    }
};

}  // namespace detail

class Store {
   private:
    std::shared_ptr<const gw_store_v1> needed() const {
        auto table = service_.get();
        if (!table) throw Error("no loaded plugin offers " GW_STORE, GW_E_STATE);
        return table;
    }
    auto committing(const std::vector<StoreOp>& ops) const {
        return [this, &ops](const gw_store_v1& table, gw_store_done_fn done, void* ud) {
            std::vector<gw_store_op> raw;
            for (const StoreOp& op : ops)
                raw.push_back({op.kind, 0, to_gw(op.key), to_gw(op.value)});
            return table.commit(table.head.self, to_gw(space_), raw.data(), raw.size(), done, ud);
        };
    }
    auto getting(std::string_view key) const {
        return [this, key](const gw_store_v1& table, gw_store_done_fn done, void* ud) {
            return table.get(table.head.self, to_gw(space_), to_gw(key), done, ud);
        };
    }
    auto scanning(const StoreRange& range) const {
        return [this, &range](const gw_store_v1& table, gw_store_done_fn done, void* ud) {
            const gw_store_range raw{static_cast<uint32_t>(sizeof(raw)),
                                     range.limit,
                                     to_gw(range.from),
                                     to_gw(range.to),
                                     range.reverse ? UINT32_C(1) : UINT32_C(0),
                                     0};
            return table.scan(table.head.self, to_gw(space_), &raw, done, ud);
        };
    }
    template <bool on_connection, typename Then, typename Call>
    void submit(const Host& host, gw_conn_id conn, Then then, const char* function, Call call) const {
        using Kept = detail::StoreCall<on_connection, Then>;
        const auto table = needed();
        auto kept = std::make_unique<Kept>(Kept{host, conn, std::move(then)});
        check(call(*table, &Kept::answered, kept.get()), function, space_);
        static_cast<void>(kept.release());  // answered() frees it
    }

   public:
    // space: 1..64 of [a-z0-9_.-].
    Store(detail::UsedServices& owner, std::string space)
        : service_(owner, GW_STORE), space_(std::move(space)) {}

    // [control] In Configure: the plugin does without when no store is loaded.
    void optional() { service_.optional(); }
    bool available() const { return service_.get() != nullptr; }

    // then(const StoreAnswer&) on the control thread; with a connection then(const StoreAnswer&, Connection&)
    // as a hook of it. Throw Error: an argument that is none (GW_E_ARG), too large, too many calls wait
    // (GW_E_LIMIT), no store (GW_E_STATE); then `then` is not called.
    template <typename Then>
    void commit(const Host& host, const std::vector<StoreOp>& ops, Then then) const {
        submit<false>(host, {0, 0}, std::move(then), "commit", committing(ops));
    }
    template <typename Then>
    void commit(const Host& host, gw_conn_id conn, const std::vector<StoreOp>& ops, Then then) const {
        submit<true>(host, conn, std::move(then), "commit", committing(ops));
    }
    template <typename Then>
    void get(const Host& host, std::string_view key, Then then) const {
        submit<false>(host, {0, 0}, std::move(then), "get", getting(key));
    }
    template <typename Then>
    void get(const Host& host, gw_conn_id conn, std::string_view key, Then then) const {
        submit<true>(host, conn, std::move(then), "get", getting(key));
    }
    template <typename Then>
    void scan(const Host& host, const StoreRange& range, Then then) const {
        submit<false>(host, {0, 0}, std::move(then), "scan", scanning(range));
    }
    template <typename Then>
    void scan(const Host& host, gw_conn_id conn, const StoreRange& range, Then then) const {
        submit<true>(host, conn, std::move(then), "scan", scanning(range));
    }
    // After a commit that failed for the disk's sake: later ones are tried again.
    void recover() const {
        const auto table = needed();
        check(table->recover(table->head.self, to_gw(space_)), "recover", space_);
    }

   private:
    Service<gw_store_v1> service_;
    const std::string space_;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
