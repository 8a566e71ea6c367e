#include "core/guard/watchdog.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/guard/stack_text.h"

namespace gatewayd {
namespace {

constexpr uint64_t looks_per_limit = 4;
constexpr uint64_t min_look_ns = 5'000'000;
constexpr uint64_t max_look_ns = 500'000'000;

uint64_t look_ns(uint64_t limit_ns) {
    return std::clamp(limit_ns / looks_per_limit, min_look_ns, max_look_ns);
}

bool is_busy(uint64_t count) {
    return count % 2 == 1;
}

void log_stack(const Watchdog::Incident& incident) {
    const ThreadSample& sample = incident.sample;
    if (!sample.answered) {
        log::error("its stack cannot be had: the thread did not answer within a second",
                   {{"thread", incident.thread}});
    }
    int number = 0;
    for (const std::string& frame : stack_text(sample.frames, sample.frame_count)) {
        const std::string_view text = frame;
        const size_t space = text.find(' ');
        const std::string_view name = space == std::string_view::npos ? "?" : text.substr(space + 1);
        log::error("stack", {{"frame", number++}, {"at", text.substr(0, space)}, {"function", name}});
    }
}

std::string seconds(uint64_t ms) {
    return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
}

}  // namespace

void Watchdog::log_incident(const Incident& incident) {
    const PluginScene& scene = incident.sample.scene;
    const std::string so_long = seconds(incident.stuck_ms);
    const log::Field thread("thread", incident.thread);
    const log::Field plugin("plugin", incident.plugin);
    const log::Field hook("hook", scene.function);
    const log::Field file("file", scene.file);
    const log::Field version("version", scene.version);
    const log::Field stuck_for("stuck_for", so_long);
    const log::Field was_stuck_for("was_stuck_for", so_long);
    const bool in_plugin = !incident.plugin.empty();
    if (incident.over && in_plugin) {
        log::warn("a plugin held a thread up, which goes on", {plugin, hook, thread, was_stuck_for});
    } else if (incident.over) {
        log::warn("a thread was stuck outside of any plugin, and goes on", {thread, was_stuck_for});
    } else if (in_plugin && scene.connection_id != 0) {
        log::error("a plugin holds a thread up: its connections wait",
                   {plugin,
                    hook,
                    {"kind", scene.kind},
                    {"connection_id", scene.connection_id},
                    thread,
                    stuck_for,
                    file,
                    version});
    } else if (in_plugin) {
        log::error("a plugin holds a thread up: its connections wait",
                   {plugin, hook, thread, stuck_for, file, version});
    } else {
        log::error("a thread is stuck outside of any plugin: its connections wait", {thread, stuck_for});
    }
    if (!incident.over) log_stack(incident);
}

Watchdog::Watchdog(uint32_t limit_ms, Report report)
    : limit_ns_(uint64_t{limit_ms} * 1'000'000), report_(report) {
    if (limit_ns_ == 0) return;
    prepare_samples();
    thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, std::string name, const Pulse& pulse) : watchdog_(watchdog) {
    const std::lock_guard lock(watchdog_.mutex_);
    id_ = ++watchdog_.last_id_;
    if (watchdog_.limit_ns_ == 0 || watchdog_.threads_.size() >= max_threads) return;
    watchdog_.threads_.push_back({id_, std::move(name), &pulse, ::gettid(), pulse.count()});
}

Watchdog::Watch::~Watch() {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.threads_.remove_if([this](const Thread& thread) {
        if (thread.id != id_) return false;
        if (thread.reported) watchdog_.stuck_now_.fetch_sub(1, std::memory_order_relaxed);
        return true;
    });
}

uint64_t Watchdog::incidents_of(const std::string& plugin) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_plugin_.find(plugin);
    return found == by_plugin_.end() ? 0 : found->second;
}

void Watchdog::run() {
    ::pthread_setname_np(::pthread_self(), "watchdog");
    const uint64_t step_ns = look_ns(limit_ns_);
    uint64_t last_ns = monotonic_now_ns();
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::nanoseconds(step_ns), [this] { return stopping_; })) {
        const uint64_t now_ns = monotonic_now_ns();
        std::vector<Incident> found;
        // More went by than was asked for: nobody of us ran, and nobody was stuck.
        look(std::min(now_ns - last_ns, 2 * step_ns), &found);
        last_ns = now_ns;
        lock.unlock();
        for (const Incident& incident : found)
            report_(incident);
        lock.lock();
    }
}

// Under mutex_: so a thread that is sampled cannot have gone, only be on its way out.
void Watchdog::look(uint64_t served_ns, std::vector<Incident>* found) {
    for (Thread& thread : threads_) {
        const uint64_t count = thread.pulse->count();
        if (count == thread.count && is_busy(count)) {
            thread.stuck_ns += served_ns;
            if (thread.stuck_ns >= limit_ns_ && !thread.reported) found_stuck(thread, found);
            continue;
        }
        if (thread.reported) goes_on(thread, found);
        thread.count = count;
        thread.stuck_ns = 0;
    }
}

void Watchdog::found_stuck(Thread& thread, std::vector<Incident>* found) {
    Incident incident;
    sample_thread(thread.tid, *thread.pulse, &incident.sample);
    // It went on just then: what it says is of another turn.
    if (incident.sample.answered && incident.sample.count != thread.count) return;
    incident.thread = thread.name;
    incident.plugin = incident.sample.in_plugin ? incident.sample.scene.plugin : "";
    incident.stuck_ms = thread.stuck_ns / 1'000'000;
    thread.reported = true;
    stuck_now_.fetch_add(1, std::memory_order_relaxed);
    incidents_.fetch_add(1, std::memory_order_relaxed);
    if (!incident.plugin.empty()) ++by_plugin_[incident.plugin];
    thread.incident = incident;
    found->push_back(std::move(incident));
}

void Watchdog::goes_on(Thread& thread, std::vector<Incident>* found) {
    Incident incident = thread.incident;
    incident.over = true;
    incident.stuck_ms = thread.stuck_ns / 1'000'000;
    thread.reported = false;
    stuck_now_.fetch_sub(1, std::memory_order_relaxed);
    found->push_back(std::move(incident));
}

}  // namespace gatewayd
