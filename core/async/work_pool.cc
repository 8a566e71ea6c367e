#include "core/async/work_pool.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

#include "core/base/log.h"

namespace gatewayd {
namespace {

// How often an operator is told what the end of a plugin waits for.
constexpr std::chrono::seconds wait_for_works{5};

}  // namespace

WorkPool::~WorkPool() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    news_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
}

// --- [any] ---

int32_t WorkPool::start(const WorkOrder& order, gw_token* out) {
    if (max_threads_ == 0 && !by_hand_) return GW_E_STATE;
    if (order.home == GW_WORK_ON_CONN && order.conn.slot >> 32 >= max_reactors) return GW_E_STALE;
    auto made = std::make_unique<Work>();
    made->order = order;
    std::string no_thread;
    bool refused = false;
    bool wakes = false;
    {
        const std::lock_guard lock(mutex_);
        if (!order.owner->open.load(std::memory_order_relaxed)) return GW_E_STATE;
        if (!take_place(&order.owner->works, GW_WORK_MAX_PER_INSTANCE)) return GW_E_LIMIT;
        made->generation = ++last_generation_;
        Work* work = made.get();
        works_.emplace(work->generation, std::move(made));
        append(work);
        *out = {uint64_t{order.home} << 32, work->generation};
        no_thread = grow();
        refused = !no_thread.empty() && threads_.empty();
        if (refused) {
            take_out(work);
            order.owner->works.fetch_sub(1, std::memory_order_relaxed);
        }
        total_ += refused ? 0 : 1;
        wakes = idle_ > 0;
    }
    if (!no_thread.empty()) {
        log::write_limited(LogLevel::error, "work_threads", "a thread for plugins' works could not be made",
                           {{"why", no_thread}});
    }
    if (wakes) news_.notify_one();
    return refused ? GW_E_LIMIT : GW_OK;
}

int32_t WorkPool::cancel(const void* instance, gw_token token) {
    WorkPtr work;
    {
        const std::lock_guard lock(mutex_);
        const auto found = works_.find(token.generation);
        if (found == works_.end() || found->second->order.owner->instance != instance) return GW_E_STALE;
        work = take_out(found->second.get());
    }
    give_back(std::move(work));
    return GW_OK;
}

WorkPool::Numbers WorkPool::numbers() const {
    const std::lock_guard lock(mutex_);
    return {static_cast<uint32_t>(threads_.size()), works_.size(), running_, total_};
}

// --- under mutex_ ---

void WorkPool::append(Work* work) {
    Queue& queue = queues_[work->order.owner];
    work->previous = queue.last;
    (queue.last ? queue.last->next : queue.first) = work;
    queue.last = work;
    if (!queue.in_turns) turns_.push_back(work->order.owner);
    queue.in_turns = true;
    if (work->order.home != GW_WORK_ON_CONN) return;
    Work*& newest = connections_[work->order.conn.generation];
    work->next_of_connection = newest;
    newest = work;
    on_connections_.fetch_add(1, std::memory_order_relaxed);
}

// It waits no longer.
WorkPtr WorkPool::take_out(Work* work) {
    Queue& queue = queues_[work->order.owner];
    (work->previous ? work->previous->next : queue.first) = work->next;
    (work->next ? work->next->previous : queue.last) = work->previous;
    if (work->order.home == GW_WORK_ON_CONN) {
        const auto newest = connections_.find(work->order.conn.generation);
        Work** at = &newest->second;
        while (*at != work)
            at = &(*at)->next_of_connection;
        *at = work->next_of_connection;
        if (!newest->second) connections_.erase(newest);
        on_connections_.fetch_sub(1, std::memory_order_relaxed);
    }
    const auto found = works_.find(work->generation);
    WorkPtr taken = std::move(found->second);
    works_.erase(found);
    return taken;
}

// The first of the instance whose turn it is; null: none waits.
WorkPtr WorkPool::take_next() {
    while (!turns_.empty()) {
        const CallbackOwner* owner = turns_.front();
        turns_.pop_front();
        Queue& queue = queues_[owner];
        queue.in_turns = false;
        if (!queue.first) continue;  // they were cancelled
        WorkPtr work = take_out(queue.first);
        queue.in_turns = queue.first != nullptr;
        if (queue.in_turns) turns_.push_back(owner);
        ++queue.running;
        ++running_;
        return work;
    }
    return nullptr;
}

// A thread more when all have something to do. Why there is none; empty: all is well.
std::string WorkPool::grow() {
    if (by_hand_ || works_.size() <= idle_ || threads_.size() >= max_threads_) return {};
    try {
        threads_.emplace_back([this] { frame_([this] { run_works(); }); });
        return {};
    } catch (const std::system_error& error) {
        return error.what();
    }
}

// --- on a thread of the pool ---

void WorkPool::run_works() {
    for (;;) {
        if (run_next()) continue;
        std::unique_lock lock(mutex_);
        ++idle_;
        news_.wait(lock, [this] { return ending_ || !turns_.empty(); });
        --idle_;
        if (ending_) return;
    }
}

bool WorkPool::run_next() {
    WorkPtr work;
    {
        const std::lock_guard lock(mutex_);
        work = take_next();
    }
    if (!work) return false;
    const CallbackOwner* owner = work->order.owner;
    run(std::move(work));
    const std::lock_guard lock(mutex_);
    --running_;
    --queues_[owner].running;
    done_.notify_all();
    return true;
}

void WorkPool::run(WorkPtr work) {
    const WorkOrder& order = work->order;
    const RunningHook hook(order.owner->blamed.get(), Hook::work, nullptr, nullptr);
    const auto call = [&] { return order.run(order.ud), GW_OK; };
    work->status = guarded(hook, call, nullptr);
    if (order.home == GW_WORK_ANYWHERE) {
        finish(std::move(work), nullptr);
    } else {
        give_back(std::move(work));
    }
}

// --- the way back ---

void WorkPool::give_back(WorkPtr work) {
    const WorkOrder& order = work->order;
    WorkReturns& returns = order.home == GW_WORK_ON_CONN
                               ? returns_of(static_cast<uint32_t>(order.conn.slot >> 32))
                               : control_returns();
    returns.put(std::move(work));
}

void WorkPool::finish(WorkPtr work, Context* context) {
    const WorkOrder& order = work->order;
    call_back(*order.owner, context, Hook::work_done,
              [&](void* slot, gw_ctx* ctx) { order.done(order.ud, slot, ctx, work->status); });
    order.owner->works.fetch_sub(1, std::memory_order_relaxed);
}

void WorkPool::tell(WorkReturns& returns, const std::function<Context*(gw_conn_id)>& find) {
    for (WorkPtr& work : returns.take()) {
        Context* context = work->order.home == GW_WORK_ON_CONN && find ? find(work->order.conn) : nullptr;
        finish(std::move(work), context && context->is_open() ? context : nullptr);
    }
}

void WorkPool::end_connection(Context& context, const void* instance) {
    if (on_connections_.load(std::memory_order_relaxed) == 0) return;
    std::vector<WorkPtr> ended;
    {
        const std::lock_guard lock(mutex_);
        const auto found = connections_.find(context.conn_id().generation);
        Work* next = found == connections_.end() ? nullptr : found->second;
        while (Work* work = next) {
            next = work->next_of_connection;
            if (!instance || work->order.owner->instance == instance) ended.push_back(take_out(work));
        }
    }
    std::reverse(ended.begin(), ended.end());  // the oldest first
    for (WorkPtr& work : ended)
        finish(std::move(work), &context);
}

void WorkPool::forget(const void* instance) {
    std::vector<WorkPtr> waiting;
    {
        std::unique_lock lock(mutex_);
        const auto own = std::find_if(queues_.begin(), queues_.end(),
                                      [&](const auto& each) { return each.first->instance == instance; });
        if (own == queues_.end()) return;
        const CallbackOwner* owner = own->first;
        while (own->second.first)
            waiting.push_back(take_out(own->second.first));
        while (!done_.wait_for(lock, wait_for_works, [&] { return queues_[owner].running == 0; })) {
            const uint32_t running = queues_[owner].running;
            lock.unlock();
            log::warn("the end of a plugin waits for its works that run",
                      {{"plugin", owner->blamed->name}, {"works", running}});
            lock.lock();
        }
        turns_.erase(std::remove(turns_.begin(), turns_.end(), owner), turns_.end());
        queues_.erase(owner);
    }
    for (WorkPtr& work : waiting)
        give_back(std::move(work));
}

}  // namespace gatewayd
