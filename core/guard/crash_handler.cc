#include "core/guard/crash_handler.h"

#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>

#include "core/base/log.h"
#include "core/chain/plugin_call.h"
#include "core/guard/code_pointer.h"
#include "core/guard/signal_line.h"
#include "core/guard/thread_guard.h"
#include "core/guard/thread_sample.h"
#include "core/plugins/crash_line.h"

namespace gatewayd {
namespace {

constexpr unsigned patience_s = 10;
constexpr uintptr_t stack_margin = 64UL * 1024;  // around its end: guard pages, and large frames

struct FatalSignal {
    int number;
    const char* name;
};
constexpr std::array<FatalSignal, 5> fatal_signals{
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}}};

std::array<struct sigaction, fatal_signals.size()> actions_before;
std::atomic<pid_t> crashing{0};  // the thread that does
std::atomic<int> record{-1};
std::atomic<bool> exit_expected{false};
char terminate_reason[256] = "";

size_t index_of(int number) {
    for (size_t i = 0; i < fatal_signals.size(); ++i) {
        if (fatal_signals[i].number == number) return i;
    }
    return 0;
}

// --- what may fault itself, since who crashes has damaged memory ---

sigjmp_buf way_out;
volatile sig_atomic_t has_way_out = 0;

// False: it faulted, and what it was to do is done in part.
template <typename Step>
bool attempt(Step&& step) {
    if (sigsetjmp(way_out, 1) != 0) {
        has_way_out = 0;
        return false;
    }
    has_way_out = 1;
    step();
    has_way_out = 0;
    return true;
}

// --- what is said ---

struct Crash {
    const char* signal = "";
    const siginfo_t* info = nullptr;
    Registers registers;
    bool in_plugin = false;
    bool own_thread = false;  // of the plugin: no hook runs here, but its code
    PluginScene scene;
    void* frames[max_stack_frames];
    int frame_count = 0;
};

const char* cause(const Crash& crash) {
    if (crash.info == nullptr) return "";
    const int code = crash.info->si_code;
    if (crash.info->si_signo == SIGABRT) return terminate_reason;
    if (code <= 0) return "sent by a process";  // kill(), raise()
    const auto address = reinterpret_cast<uintptr_t>(crash.info->si_addr);
    const uintptr_t stack = crash.registers.stack;
    const uintptr_t begin = thread_facts().stack_begin;
    const auto near = [](uintptr_t a, uintptr_t b) { return (a > b ? a - b : b - a) <= stack_margin; };
    if (crash.info->si_signo == SIGSEGV) {
        if (begin != 0 && near(stack, begin) && near(address, begin)) return "the stack is used up";
        return code == SEGV_MAPERR   ? "nothing is at this address"
               : code == SEGV_ACCERR ? "no permission for this address"
                                     : "an address that cannot be";
    }
    return "";
}

void look_at_stack(Crash* crash) {
    crash->frame_count = ::backtrace(crash->frames, max_stack_frames);
    const auto* pc = reinterpret_cast<const void*>(crash->registers.code);
    if (crash->info == nullptr || crash->registers.code == 0) return;
    crash->frame_count = frames_from(pc, crash->frames, crash->frame_count);
}

// Through a null function pointer: the caller is all that there is to see, on top of the stack.
void look_at_caller(Crash* crash) {
    if (crash->info == nullptr || place_of(reinterpret_cast<const void*>(crash->registers.code)).file) return;
    crash->frames[0] = reinterpret_cast<void*>(crash->registers.code);
#if defined(__x86_64__)
    crash->frames[1] = *reinterpret_cast<void**>(crash->registers.stack);
    crash->frame_count = 2;
#else
    crash->frame_count = 1;
#endif
}

// A plugin's own thread: no hook of it runs here, but its code.
void look_for_owner(Crash* crash) {
    for (int i = 0; i < crash->frame_count && !crash->in_plugin; ++i) {
        const PluginTag* plugin = place_of(crash->frames[i]).plugin;
        if (plugin == nullptr) continue;
        std::strncpy(crash->scene.plugin, plugin->name.c_str(), sizeof crash->scene.plugin - 1);
        std::strncpy(crash->scene.file, plugin->file.c_str(), sizeof crash->scene.file - 1);
        std::strncpy(crash->scene.version, plugin->version.c_str(), sizeof crash->scene.version - 1);
        std::strncpy(crash->scene.identity, plugin->identity.c_str(), sizeof crash->scene.identity - 1);
        crash->scene.guards = plugin->guards;
        crash->in_plugin = crash->own_thread = true;
    }
}

void say(const char* event, const Crash& crash) {
    char name[16] = "";
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    SignalLine line(log::is_json(), event);
    const PluginScene& scene = crash.scene;
    line.field("plugin", scene.plugin)
        .field("hook", crash.own_thread ? "(a thread of its own)" : scene.function)
        .field("kind", scene.kind);
    if (scene.connection_id != 0) line.number("connection_id", scene.connection_id);
    line.field("signal", crash.signal).field("cause", cause(crash));
    if (crash.info != nullptr && crash.info->si_code > 0 && crash.info->si_signo != SIGABRT)
        line.address("address", reinterpret_cast<uintptr_t>(crash.info->si_addr));
    line.field("thread", thread_facts().name[0] ? thread_facts().name : name)
        .field("file", scene.file)
        .field("version", scene.version)
        .write(log::descriptor());
}

void say_stack(const Crash& crash) {
    for (int i = 0; i < crash.frame_count; ++i) {
        SignalLine line(log::is_json(), "stack");
        line.number("frame", static_cast<uint64_t>(i));
        const CodePlace place = place_of(crash.frames[i]);
        if (place.file != nullptr) {
            line.place("at", place.file, place.offset);
        } else {
            line.address("at", reinterpret_cast<uintptr_t>(crash.frames[i]));
        }
        line.write(log::descriptor());
    }
}

void append_to_record(const Crash& crash) {
    const int descriptor = record.load();
    if (descriptor < 0 || !crash.in_plugin) return;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    char line[max_crash_line_bytes];
    const size_t size =
        make_crash_line(crash.scene, crash.signal, now.tv_sec * 1000 + now.tv_nsec / 1'000'000, line);
    if (size > 0) write_at_once(descriptor, line, size);
}

void last_words(Crash* crash) {
    log::hold_all_lines();
    attempt([&] { crash->in_plugin = read_scene(&crash->scene); });
    if (!attempt([&] { look_at_stack(crash); })) crash->frame_count = 0;
    attempt([&] { look_at_caller(crash); });
    attempt([&] { look_for_owner(crash); });
    append_to_record(*crash);
    say(crash->in_plugin ? "a plugin crashed, and the gateway with it"
                         : "the gateway crashed outside of any plugin",
        *crash);
    attempt([&] { say_stack(*crash); });
}

void on_fatal_signal(int number, siginfo_t* info, void* context) {
    const pid_t here = ::gettid();
    pid_t nobody = 0;
    if (!crashing.compare_exchange_strong(nobody, here)) {
        if (nobody == here && has_way_out) siglongjmp(way_out, 1);
        // Another thread is at it, and ends the process when it has said all.
        if (nobody != here) {
            for (;;)
                ::pause();
        }
    } else {
        ::alarm(patience_s);
        Crash crash;
        crash.signal = fatal_signals[index_of(number)].name;
        crash.info = info;
        crash.registers = registers_of(static_cast<ucontext_t*>(context));
        last_words(&crash);
    }
    // As if we had not been here: a core dump, or a sanitizer's report.
    ::sigaction(number, &actions_before[index_of(number)], nullptr);
    sigset_t unblocked;
    ::sigemptyset(&unblocked);
    ::sigaddset(&unblocked, number);
    if (info->si_code > 0 && number != SIGABRT) return;  // the instruction does it again
    ::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
    ::syscall(SYS_tgkill, ::getpid(), here, number);
}

// exit() runs the destructors of a process whose reactors still run: no end that a plugin may bring about.
void on_exit_call() {
    if (exit_expected) return;
    pid_t nobody = 0;
    if (!crashing.compare_exchange_strong(nobody, ::gettid())) return;
    Crash crash;
    log::hold_all_lines();
    crash.in_plugin = read_scene(&crash.scene);
    crash.signal = "exit";
    look_at_stack(&crash);
    look_for_owner(&crash);
    append_to_record(crash);
    say(crash.in_plugin ? "a plugin ended the process by exit()" : "somebody ended the process by exit()",
        crash);
    say_stack(crash);
    ::_exit(EXIT_FAILURE);
}

[[noreturn]] void on_terminate() {
    // The first one's words; another thread's would mix with them.
    static std::atomic_flag taken = ATOMIC_FLAG_INIT;
    if (!taken.test_and_set()) {
        const char* what = "std::terminate";
        try {
            if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            what = error.what();
        } catch (...) {
            what = "an exception that is no std::exception";
        }
        std::strncpy(terminate_reason, what, sizeof terminate_reason - 1);
    }
    std::abort();
}

}  // namespace

void install_crash_handler() {
    void* frames[2];
    ::backtrace(frames, 2);  // the unwinder loads what it needs now
    struct sigaction action {};
    action.sa_sigaction = on_fatal_signal;
    // NODEFER: what faults while we look at it is let go of (attempt).
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < fatal_signals.size(); ++i)
        ::sigaction(fatal_signals[i].number, &action, &actions_before[i]);
    std::set_terminate(on_terminate);
    std::atexit(on_exit_call);
}

void record_crashes_in(int descriptor) {
    record = descriptor;
}

void expect_exit() {
    exit_expected = true;
}

}  // namespace gatewayd
