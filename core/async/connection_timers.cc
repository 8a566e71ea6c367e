#include "core/async/connection_timers.h"

#include <utility>

namespace gatewayd {
namespace {

// The connection whose hook runs on this thread, if it is this one.
Context* running_in(gw_conn_id conn) {
    Context* context = running_hook ? running_hook->context : nullptr;
    if (!context) return nullptr;
    const gw_conn_id here = context->conn_id();
    return here.slot == conn.slot && here.generation == conn.generation ? context : nullptr;
}

}  // namespace

// --- [any] ---

void ConnectionTimers::set_home(Home home) {
    const std::lock_guard lock(home_mutex_);
    home_ = std::move(home);
}

bool ConnectionTimers::post(std::function<void()> letter, bool bounded, bool* gone) {
    const std::lock_guard lock(home_mutex_);
    *gone = !home_.post;
    return home_.post && home_.post(std::move(letter), bounded);
}

int32_t ConnectionTimers::start(const TimerOrder& order, gw_token* out) {
    Context* const here = running_in(order.conn);
    if (here && !here->is_open()) return GW_E_STALE;
    if (here && is_full(order)) return GW_E_LIMIT;
    Timer* timer = nullptr;
    const int32_t added = add(order, order.conn.slot, out, [&](Timer* made) { timer = made; });
    if (added != GW_OK) return added;
    const uint64_t generation = out->generation;
    if (here) {
        take_on(timer, here);
        return GW_OK;
    }
    bool gone = false;
    if (post([this, generation] { take_on_later(generation); }, true, &gone)) return GW_OK;
    return !withdraw(generation) ? GW_OK : gone ? GW_E_STALE : GW_E_LIMIT;
}

int32_t ConnectionTimers::cancel(const void* instance, gw_token token) {
    bool stale = false;
    bool gone = false;
    if (TimerTable::cancel(instance, token.generation, &stale))
        post([this] { end_cancelled(); }, false, &gone);  // else forget() ends it
    return stale ? GW_E_STALE : GW_OK;
}

// --- the reactor's thread ---

bool ConnectionTimers::is_full(const TimerOrder& order) const {
    const auto found = connections_.find(order.conn.generation);
    if (found == connections_.end()) return false;
    uint32_t count = 0;
    for (const Timer* at = found->second; at; at = at->next_of_connection)
        count += at->order.owner == order.owner;
    return count >= GW_TIMER_MAX_PER_CONN;
}

void ConnectionTimers::take_on(Timer* timer, Context* context) {
    if (!wheel_) wheel_ = std::make_unique<TimerWheel>();
    timer->context = context;
    Timer*& newest = connections_[timer->order.conn.generation];
    timer->next_of_connection = newest;
    newest = timer;
    // The tick that runs now is over before its whole time has passed.
    if (arm(timer)) wheel_->schedule(timer, wheel_->now_tick() + to_ticks(timer->order.after_ms) + 1);
}

// It was started on another thread.
void ConnectionTimers::take_on_later(uint64_t generation) {
    Timer* timer = find(generation);
    if (!timer) return;
    Context* context = home_.find(timer->order.conn);
    if (!context || !context->is_open()) {
        end(timer, nullptr, GW_E_CANCELLED);
    } else if (is_full(timer->order)) {
        end(timer, context, GW_E_LIMIT);
    } else {
        take_on(timer, context);
    }
}

void ConnectionTimers::tick() {
    if (!wheel_) return;
    wheel_->tick([this](TimerWheel::Node* node) { due(static_cast<Timer*>(node)); });
}

void ConnectionTimers::due(Timer* timer) {
    Context* const context = timer->context;
    if (!is_armed(*timer) || !context->is_open()) return;  // its end is on its way
    void* slot = nullptr;
    if (!is_theirs(*timer->order.owner, *context, &slot)) return end(timer, nullptr, GW_E_CANCELLED);
    if (timer->order.every_ms == 0) {
        if (claim(timer)) end(timer, context, GW_TIMER_LAST);
        return;
    }
    const uint32_t due_tick = timer->due_tick;
    call(timer->order, context, GW_TIMER_AGAIN);
    if (is_armed(*timer)) wheel_->schedule(timer, due_tick + to_ticks(timer->order.every_ms));
}

void ConnectionTimers::unlink(Timer* timer) {
    if (!timer->context) return;
    wheel_->cancel(timer);
    const auto newest = connections_.find(timer->order.conn.generation);
    Timer** at = &newest->second;
    while (*at != timer)
        at = &(*at)->next_of_connection;
    *at = timer->next_of_connection;
    if (!newest->second) connections_.erase(newest);
}

void ConnectionTimers::end(Timer* timer, Context* context, int32_t status) {
    unlink(timer);
    call(remove(timer), context, status);
}

void ConnectionTimers::end_cancelled() {
    for (Timer* timer : take_cancelled())
        end(timer, timer->context, GW_E_CANCELLED);  // not taken on yet: its letter will find nothing
}

void ConnectionTimers::end_connection(Context& context, const void* instance) {
    if (connections_.empty()) return;
    const auto found = connections_.find(context.conn_id().generation);
    if (found == connections_.end()) return;
    std::vector<Timer*> ended;
    for (Timer* at = found->second; at; at = at->next_of_connection) {
        if (!instance || at->order.owner->instance == instance) ended.push_back(at);
    }
    for (Timer* timer : ended)
        end(timer, &context, GW_E_CANCELLED);
}

void ConnectionTimers::forget(const void* instance) {
    for (Timer* timer : cancel_all(instance))
        end(timer, timer->context, GW_E_CANCELLED);
}

}  // namespace gatewayd
