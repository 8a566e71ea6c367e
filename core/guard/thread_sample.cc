#include "core/guard/thread_sample.h"

#include <execinfo.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "core/guard/code_pointer.h"

namespace gatewayd {
namespace {

enum State : int { idle, asked, copying };

// What the asking thread and the handler share. Static: a thread that answers late writes nowhere else.
struct Exchange {
    std::atomic<int> state{idle};
    std::atomic<pid_t> thread{0};
    std::atomic<const Pulse*> pulse{nullptr};
    sem_t answered;
    ThreadSample sample;
};
Exchange exchange;

int sample_signal() {
    return SIGRTMAX - 1;
}

void take_sample(int, siginfo_t*, void* context) {
    const int saved = errno;
    int expected = asked;
    if (exchange.thread.load() == ::gettid() && exchange.state.compare_exchange_strong(expected, copying)) {
        ThreadSample& sample = exchange.sample;
        sample.count = exchange.pulse.load()->count();
        sample.in_plugin = read_scene(&sample.scene);
        sample.frame_count = ::backtrace(sample.frames, max_stack_frames);
        sample.frame_count =
            frames_from(code_pointer(static_cast<ucontext_t*>(context)), sample.frames, sample.frame_count);
        sample.answered = true;
        ::sem_post(&exchange.answered);
    }
    errno = saved;
}

bool wait_for_answer() {
    timespec end{};
    ::clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 1;
    while (::sem_timedwait(&exchange.answered, &end) != 0) {
        if (errno != EINTR) return false;
    }
    return true;
}

}  // namespace

void prepare_samples() {
    static std::once_flag once;
    std::call_once(once, [] {
        void* frames[2];
        ::backtrace(frames, 2);
        ::sem_init(&exchange.answered, 0, 0);
        struct sigaction action {};
        action.sa_sigaction = take_sample;
        action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        ::sigemptyset(&action.sa_mask);
        ::sigaction(sample_signal(), &action, nullptr);
    });
}

void sample_thread(pid_t thread, const Pulse& pulse, ThreadSample* sample) {
    exchange.sample = ThreadSample();
    exchange.pulse = &pulse;
    exchange.thread = thread;
    exchange.state = asked;
    if (::syscall(SYS_tgkill, ::getpid(), thread, sample_signal()) == 0 && !wait_for_answer()) {
        int expected = asked;
        // It has begun meanwhile: it is at work and comes to its end.
        if (!exchange.state.compare_exchange_strong(expected, idle)) {
            while (::sem_wait(&exchange.answered) != 0) {
            }
        }
    }
    exchange.state = idle;
    *sample = exchange.sample;
}

int frames_from(const void* pc, void** frames, int count) {
    for (int first = 0; first < count; ++first) {
        if (frames[first] != pc) continue;
        for (int i = first; i < count; ++i)
            frames[i - first] = frames[i];
        return count - first;
    }
    return count;
}

}  // namespace gatewayd
