#include "core/guard/watchdog.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <condition_variable>

#include "core/chain/hook_call.h"
#include "core/chain/interceptor.h"
#include "core/guard/stack_text.h"

namespace gatewayd {
namespace {

constexpr uint32_t limit_ms = 20;

// What the watchdog reports; one at a time, as tests run.
struct Reports {
    std::mutex mutex;
    std::condition_variable news;
    std::vector<Watchdog::Incident> all;

    Watchdog::Incident wait_for(size_t count) {
        std::unique_lock lock(mutex);
        REQUIRE(news.wait_for(lock, std::chrono::seconds(60), [&] { return all.size() >= count; }));
        return all[count - 1];
    }
};
Reports* reports = nullptr;

void report(const Watchdog::Incident& incident) {
    const std::lock_guard lock(reports->mutex);
    reports->all.push_back(incident);
    reports->news.notify_all();
}

// Waits in a call of the kernel, where signals come through under every sanitizer, until it is opened; once
// for each time.
class Gate {
   public:
    Gate() { REQUIRE(::pipe(ends_.data()) == 0); }
    ~Gate() {
        for (const int end : ends_)
            ::close(end);
    }
    __attribute__((noinline)) void wait() {
        pollfd readable{ends_[0], POLLIN, 0};
        while (::poll(&readable, 1, -1) != 1) {
        }
        char byte;
        CHECK(::read(ends_[0], &byte, 1) == 1);
    }
    void open() { CHECK(::write(ends_[1], "x", 1) == 1); }

   private:
    std::array<int, 2> ends_{};
};

struct Fixture {
    Fixture() { reports = &its; }
    Reports its;
    Watchdog watchdog{limit_ms, report};
    Pulse pulse;
    Gate gate;
};

bool has_frame(const Watchdog::Incident& incident, const std::string& function) {
    for (const std::string& frame : stack_text(incident.sample.frames, incident.sample.frame_count)) {
        if (frame.find(function) != std::string::npos) return true;
    }
    return false;
}

__attribute__((noinline)) void waits_in_a_hook(Gate& gate) {
    gate.wait();
    std::atomic_signal_fence(std::memory_order_seq_cst);  // no jump instead of the call
}

TEST_CASE("a thread that does not come out of a hook is told with plugin, hook and stack, and when it does") {
    Fixture f;
    std::thread thread([&] {
        const Watchdog::Watch watch(f.watchdog, "reactor-7", f.pulse);
        Interceptor interceptor;
        interceptor.name = "acme";
        interceptor.tag = std::make_shared<PluginTag>(PluginTag{"acme", "/opt/acme.so", "1.2.3", "id", true});
        {
            const Pulse::Beat beat(f.pulse);
            const RunningHook running(&interceptor, Hook::message, nullptr, nullptr);
            const HookScope scope(&running);
            waits_in_a_hook(f.gate);
        }
        f.its.wait_for(2);
    });
    const Watchdog::Incident stuck = f.its.wait_for(1);
    CHECK(stuck.thread == "reactor-7");
    CHECK(stuck.plugin == "acme");
    CHECK_FALSE(stuck.over);
    CHECK(stuck.stuck_ms >= limit_ms);
    REQUIRE(stuck.sample.answered);
    CHECK(std::string(stuck.sample.scene.function) == "intercept");
    CHECK(std::string(stuck.sample.scene.file) == "/opt/acme.so");
    CHECK(std::string(stuck.sample.scene.version) == "1.2.3");
    CHECK(stuck.sample.scene.guards);
    CHECK(has_frame(stuck, "waits_in_a_hook"));
    CHECK(f.watchdog.stuck_now() == 1);
    f.gate.open();
    const Watchdog::Incident over = f.its.wait_for(2);
    CHECK(over.over);
    CHECK(over.plugin == "acme");
    CHECK(over.stuck_ms >= stuck.stuck_ms);
    thread.join();
    CHECK(f.watchdog.stuck_now() == 0);
    CHECK(f.watchdog.incidents() == 1);
    CHECK(f.watchdog.incidents_of("acme") == 1);
    CHECK(f.watchdog.incidents_of("other") == 0);
}

TEST_CASE("outside of any plugin it is told as such; a call that is no hook has its function") {
    Fixture f;
    std::thread thread([&] {
        const Watchdog::Watch watch(f.watchdog, "control", f.pulse);
        {
            const Pulse::Beat beat(f.pulse);
            f.gate.wait();
        }
        f.its.wait_for(2);
        set_call_pulse(&f.pulse);
        const PluginTag tag{"acme", "/opt/acme.so", "1.2.3", "id", false};
        {
            const CallScope call(&tag, "start");
            const CallScope inner(&tag, "dlopen");  // the outermost one beats
            const CallScope turn(nullptr, "");      // names nobody
            f.gate.wait();
        }
        f.its.wait_for(4);
        set_call_pulse(nullptr);
    });
    const Watchdog::Incident outside = f.its.wait_for(1);
    CHECK(outside.plugin.empty());
    CHECK(outside.sample.answered);
    CHECK_FALSE(outside.sample.in_plugin);
    f.gate.open();
    const Watchdog::Incident call = f.its.wait_for(3);
    CHECK(call.plugin == "acme");
    CHECK(std::string(call.sample.scene.function) == "dlopen");
    f.gate.open();
    thread.join();
    CHECK(f.watchdog.incidents() == 2);
}

TEST_CASE("who takes one short turn after the other is never stuck, nor is who waits") {
    Fixture f;
    const Watchdog::Watch idle(f.watchdog, "idle", f.pulse);
    Pulse busy;
    Pulse stuck;
    std::thread witness([&] {
        const Watchdog::Watch watch(f.watchdog, "stuck", stuck);
        const Pulse::Beat beat(stuck);
        f.its.wait_for(1);
    });
    const Watchdog::Watch watch(f.watchdog, "busy", busy);
    // The witness is found stuck: so long the others were looked at.
    for (bool found = false; !found;) {
        const Pulse::Beat beat(busy);
        const std::lock_guard lock(f.its.mutex);
        found = !f.its.all.empty();
    }
    witness.join();
    CHECK(f.its.wait_for(1).thread == "stuck");
    CHECK(f.watchdog.incidents() == 1);
}

TEST_CASE("a limit of 0 watches nothing") {
    Watchdog watchdog(0, report);
    Pulse pulse;
    const Watchdog::Watch watch(watchdog, "reactor-0", pulse);
    CHECK(watchdog.stuck_now() == 0);
}

}  // namespace
}  // namespace gatewayd
