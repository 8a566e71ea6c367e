// gw.timer/1 and gw.work/1 for a plugin under test: the gateway's own, behind functions that look at what
// goes in, and callbacks that get handles which die with them.
#include <exception>
#include <memory>
#include <string>

#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/timer.h"
#include "gateway/ext/work.h"

namespace gatewayd::harness {
namespace {

const gw_timer_v1& real_timers() {
    return *static_cast<const gw_timer_v1*>(timer_table());
}
const gw_work_v1& real_works() {
    return *static_cast<const gw_work_v1*>(work_table());
}

// The plugin's callback behind the gateway's; what it throws is a problem.
template <typename Call>
void call_plugin(Engine* engine, const char* name, gw_ctx* ctx, Call&& plugin) {
    HookCall call(engine, name, {ctx, nullptr, nullptr});
    if (!engine->is_created()) engine->problem(std::string(name) + " was called after destroy");
    try {
        plugin(call.ctx());
    } catch (const std::exception& failure) {
        engine->problem(std::string("an exception left ") + name + ": " + failure.what());
        throw;
    } catch (...) {
        engine->problem(std::string("an exception left ") + name);
        throw;
    }
}

struct TimerCallback {
    Engine* engine;
    gw_timer_fn fn;
    void* ud;

    static void call(void* self, void* slot, gw_ctx* ctx, int32_t status) {
        auto* callback = static_cast<TimerCallback*>(self);
        const std::unique_ptr<TimerCallback> last(status == GW_TIMER_AGAIN ? nullptr : callback);
        call_plugin(callback->engine, "a timer", ctx,
                    [&](gw_ctx* shown) { callback->fn(callback->ud, slot, shown, status); });
    }
};

struct WorkCallback {
    Engine* engine;
    gw_work_fn run;
    gw_work_done_fn done;
    void* ud;

    static void call_run(void* self) {
        auto* callback = static_cast<WorkCallback*>(self);
        call_plugin(callback->engine, "a work", nullptr, [&](gw_ctx*) { callback->run(callback->ud); });
    }
    static void call_done(void* self, void* slot, gw_ctx* ctx, int32_t status) {
        const std::unique_ptr<WorkCallback> callback(static_cast<WorkCallback*>(self));
        call_plugin(callback->engine, "done of a work", ctx,
                    [&](gw_ctx* shown) { callback->done(callback->ud, slot, shown, status); });
    }
};

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

int32_t cancel(const char* function, gw_inst* inst, gw_token token,
               int32_t (*real)(gw_inst* inst, gw_token token)) {
    const HostCall call = of_instance(function, inst);
    if (!call.ok()) return call.error();
    call.engine().look_at_cancel(function, token);
    return real(call.real_inst(), token);
}

// What start() has done: the callback is the gateway's, or nobody's.
template <typename Callback>
int32_t started(Engine& engine, int32_t result, std::unique_ptr<Callback> callback, gw_token token,
                gw_token* out) {
    if (result == GW_OK) {
        static_cast<void>(callback.release());
        engine.gave_cancellable(token);
    }
    if (out) *out = token;
    return result;
}

int32_t start_timer(gw_inst* inst, const gw_timer* timer, gw_token* out) {
    const HostCall call = of_instance("timer.start", inst).needs(timer);
    if (!call.ok()) return call.error();
    gw_token token{0, 0};
    if (timer->struct_size < sizeof(gw_timer) || !timer->fn)
        return real_timers().start(call.real_inst(), timer, out);
    auto callback = std::make_unique<TimerCallback>(TimerCallback{&call.engine(), timer->fn, timer->ud});
    gw_timer shown = *timer;
    shown.fn = TimerCallback::call;
    shown.ud = callback.get();
    const int32_t result = real_timers().start(call.real_inst(), &shown, &token);
    return started(call.engine(), result, std::move(callback), token, out);
}

int32_t start_work(gw_inst* inst, const gw_work* work, gw_token* out) {
    const HostCall call = of_instance("work.start", inst).needs(work);
    if (!call.ok()) return call.error();
    gw_token token{0, 0};
    if (work->struct_size < sizeof(gw_work) || !work->run || !work->done)
        return real_works().start(call.real_inst(), work, out);
    auto callback =
        std::make_unique<WorkCallback>(WorkCallback{&call.engine(), work->run, work->done, work->ud});
    gw_work shown = *work;
    shown.run = WorkCallback::call_run;
    shown.done = WorkCallback::call_done;
    shown.ud = callback.get();
    const int32_t result = real_works().start(call.real_inst(), &shown, &token);
    return started(call.engine(), result, std::move(callback), token, out);
}

int32_t cancel_timer(gw_inst* inst, gw_token token) {
    return cancel("timer.cancel", inst, token, real_timers().cancel);
}
int32_t cancel_work(gw_inst* inst, gw_token token) {
    return cancel("work.cancel", inst, token, real_works().cancel);
}

}  // namespace

const void* checked_timer_table() {
    static const gw_timer_v1 table{sizeof(gw_timer_v1), 0, start_timer, cancel_timer};
    return &table;
}

const void* checked_work_table() {
    static const gw_work_v1 table{sizeof(gw_work_v1), 0, start_work, cancel_work};
    return &table;
}

}  // namespace gatewayd::harness
