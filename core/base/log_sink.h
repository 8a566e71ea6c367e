// LogSink: where spdlog's lines go: into a bounded queue, and from there to a file descriptor by one thread
// of its own, which gathers lines for a moment so that a busy gateway pays neither a wake-up nor a write for
// each. When the queue is full the oldest line is lost, when a write fails what it was to write; the next
// line that can be written is behind one that says how many were. Any thread.
#ifndef GATEWAYD_CORE_BASE_LOG_SINK_H
#define GATEWAYD_CORE_BASE_LOG_SINK_H

#include <spdlog/sinks/sink.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gatewayd::log {

class LogSink final : public spdlog::sinks::sink {
   public:
    static constexpr size_t max_queued_lines = 8192;

    explicit LogSink(int fd) : fd_(fd) {}
    ~LogSink() override { stop(); }

    // How the line that tells of lost ones looks; called by the writing thread. Set before start().
    using LostLine = std::string (*)(uint64_t lost);
    void tell_lost_by(LostLine make) { lost_line_ = make; }

    void start();
    // Writes what is queued and ends the thread; what nobody takes for 2 s is lost. Lines logged before
    // start() or after stop() are written at once by their own thread.
    void stop();

    // For the last words of a process: what was queued is written as far as that goes at once, then nothing
    // more, and no line is left in the middle. For good. Async-signal-safe.
    void hold();
    int descriptor() const { return fd_; }

    void log(const spdlog::details::log_msg& message) override;
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

   private:
    void run();
    size_t write_all(std::string_view bytes);

    const int fd_;
    LostLine lost_line_ = nullptr;
    std::thread thread_;
    bool torn_ = false;  // of the thread: the last line was written in part
    std::mutex mutex_;
    std::condition_variable wake_;
    // Guarded by mutex_.
    std::deque<std::string> lines_;
    uint64_t lost_ = 0;
    bool running_ = false;
    std::atomic<bool> stopping_{false};  // written under mutex_
    std::atomic<bool> writing_{false};   // the thread is at it
    std::atomic<bool> held_{false};
};

}  // namespace gatewayd::log

#endif
