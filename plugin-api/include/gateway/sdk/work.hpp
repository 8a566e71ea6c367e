// run: gives slow work to the host's pool of threads (gw.work/1) and goes on where it was called from.
//
//     gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next& next)
//     override {
//         return gateway::run(next, 5s,
//             [word = std::string(request.field("password").value_or(""))] { return slow_hash(word); },
//             [this](std::string hash, gateway::Request& r, gateway::Connection&, gateway::Next&) {
//                 return hash == hash_ ? gateway::Continue : r.reject(403, "forbidden", "wrong password");
//             });
//     }
//
// `work` runs on another thread, so it captures copies, never the request, the connection or a view of them.
// `then` gets what it returned, if that is not void. What `work` throws fails the request, as if the hook had
// thrown it; without a request it is logged and `then` is not called. Both are freed once, with all they
// captured.
#ifndef GATEWAY_SDK_WORK_HPP
#define GATEWAY_SDK_WORK_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "gateway/ext/work.h"
#include "gateway/sdk/aside.hpp"
#include "gateway/sdk/timer.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

namespace detail {

// What a work returned or threw.
template <typename Work>
class WorkResult {
    using Value = std::invoke_result_t<Work&>;
    static constexpr bool has_value = !std::is_void_v<Value>;

   public:
    void run(Work& work) noexcept {
        try {
            if constexpr (has_value) {
                value_.emplace(work());
            } else {
                work();
            }
        } catch (...) {
            error_ = std::current_exception();
        }
    }
    // then(value, more...); throws what the work threw.
    template <typename Then, typename... More>
    decltype(auto) give(Then& then, More&... more) {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        if constexpr (has_value) {
            return then(std::move(*value_), more...);
        } else {
            return then(more...);
        }
    }

   private:
    std::optional<std::conditional_t<has_value, std::decay_t<Value>, char>> value_;
    std::exception_ptr error_;
};

inline gw_token start_work(const Host& host, uint32_t home, gw_conn_id conn, gw_work_fn run,
                           gw_work_done_fn done, void* ud) {
    const gw_work work{static_cast<uint32_t>(sizeof(gw_work)), home, conn, run, done, ud};
    gw_token token{0, 0};
    check(extension<gw_work_v1>(host, GW_EXT_WORK).start(host.inst(), &work, &token), "work.start");
    return token;
}

// Of a request that waits for it. Two own it: the request's side, until it goes on or ends, and the pool's.
template <typename Work, typename Then>
class WorkAside final : public Aside {
   public:
    WorkAside(const Host& host, Work work, Then then)
        : host_(host), work_(std::move(work)), then_(std::move(then)) {}

    static Verdict start(Next& next, std::chrono::milliseconds timeout, Work work, Then then) {
        auto made = std::make_unique<WorkAside>(next.host(), std::move(work), std::move(then));
        made->token_ = put_aside(next, timer_ms(timeout), made.get());
        WorkAside* self = made.release();  // the request's side has it now
        self->owners_.fetch_add(1, std::memory_order_relaxed);
        try {
            start_work(self->host_, GW_WORK_ANYWHERE, {0, 0}, run, done, self);
        } catch (...) {
            self->drop();
            throw;
        }
        return Pending;
    }

    Verdict resumed(Request& request, Connection& connection, Next& next) override {
        const Owned owned(this);
        return result_.give(then_, request, connection, next);
    }
    void cancelled() override {
        ended_.store(true, std::memory_order_relaxed);
        drop();
    }

   private:
    struct Drop {
        void operator()(WorkAside* self) const { self->drop(); }
    };
    using Owned = std::unique_ptr<WorkAside, Drop>;

    static void run(void* ud) {
        auto* self = static_cast<WorkAside*>(ud);
        // Nobody waits for it any more?
        if (!self->ended_.load(std::memory_order_relaxed)) self->result_.run(self->work_);
    }
    static void done(void* ud, void*, gw_ctx*, int32_t status) {
        const Owned self(static_cast<WorkAside*>(ud));
        if (status < 0) return;  // the plugin ends, and so does the request
        guarded(self->host_.raw(), self->host_.inst(), "a work", [&] {
            self->host_.resume(self->token_);
            return GW_OK;
        });
    }
    void drop() {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    const Host host_;
    Work work_;
    Then then_;
    WorkResult<Work> result_;
    gw_token token_{0, 0};
    std::atomic<int> owners_{1};
    std::atomic<bool> ended_{false};
};

// Of a connection (then(result, Connection&)), or of none (then(result)).
template <bool on_connection, typename Work, typename Then>
struct WorkClosure {
    Host host;
    Work work;
    Then then;
    WorkResult<Work> result;

    static gw_token start(const Host& host, gw_conn_id conn, Work work, Then then) {
        auto closure = std::make_unique<WorkClosure>(WorkClosure{host, std::move(work), std::move(then), {}});
        const gw_token token = start_work(host, on_connection ? GW_WORK_ON_CONN : GW_WORK_ON_CONTROL, conn,
                                          run, done, closure.get());
        static_cast<void>(closure.release());  // done() frees it
        return token;
    }
    static void run(void* ud) {
        auto* self = static_cast<WorkClosure*>(ud);
        self->result.run(self->work);
    }
    static void done(void* ud, void* slot, gw_ctx* ctx, int32_t status) {
        const std::unique_ptr<WorkClosure> self(static_cast<WorkClosure*>(ud));
        if (status < 0 || (on_connection && ctx == nullptr)) return;
        guarded(self->host.raw(), self->host.inst(), "a work", [&]() -> int32_t {
            if constexpr (on_connection) {
                Connection connection(self->host.raw(), ctx, slot);
                self->result.give(self->then, connection);
            } else {
                static_cast<void>(slot);
                self->result.give(self->then);
            }
            return GW_OK;
        });
    }
};

}  // namespace detail

// In Intercept and OnResume: puts the request aside for at most timeout (0: as long as the gateway allows),
// runs work(), and goes on with then(result, Request&, Connection&, Next&), which returns a Verdict and may
// do what OnResume may, run() included. Return what this returns. When the time is over, on_error of the YAML
// decides; a work that has not begun by then, or when the connection is gone, does not run.
template <typename Work, typename Then>
Verdict run(Next& next, std::chrono::milliseconds timeout, Work work, Then then) {
    return detail::WorkAside<Work, Then>::start(next, timeout, std::move(work), std::move(then));
}
// [any] from Start to Stop: runs work(), then then(result, Connection&) as a hook of this connection, unless
// it is gone: then perhaps neither runs.
template <typename Work, typename Then>
gw_token run(const Host& host, gw_conn_id conn, Work work, Then then) {
    return detail::WorkClosure<true, Work, Then>::start(host, conn, std::move(work), std::move(then));
}
// The same without a connection: then(result) on the control thread.
template <typename Work, typename Then>
gw_token run(const Host& host, Work work, Then then) {
    return detail::WorkClosure<false, Work, Then>::start(host, {0, 0}, std::move(work), std::move(then));
}
// True: it will not run, and neither will its `then`. False: it runs or has run, or was cancelled.
inline bool cancel_work(const Host& host, gw_token token) {
    const int32_t code = detail::extension<gw_work_v1>(host, GW_EXT_WORK).cancel(host.inst(), token);
    if (code == GW_E_STALE) return false;
    check(code, "work.cancel");
    return true;
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
