#include "core/base/log_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace gatewayd::log {
namespace {

constexpr std::chrono::milliseconds gather_time{10};
// A pipe that is writable takes so much without blocking (PIPE_BUF): the thread waits in poll() alone.
constexpr size_t chunk_bytes = 4096;
constexpr int poll_time_ms = 100;
constexpr int max_idle_polls_at_end = 20;
constexpr int hold_step_ms = 10;
constexpr int queue_hold_steps = 3;   // more than gather_time
constexpr int write_hold_steps = 20;  // who does not read by then tears a line

}  // namespace

// Also to a descriptor that somebody made non-blocking, as terminals shared with a shell can be. Returns how
// much was taken; less than all: nobody takes more (a full disk, no reader), and the end does not wait for
// who does not read.
size_t LogSink::write_all(std::string_view bytes) {
    const size_t all = bytes.size();
    int idle_polls = 0;
    while (!bytes.empty()) {
        pollfd writable{fd_, POLLOUT, 0};
        const int ready = ::poll(&writable, 1, poll_time_ms);
        if (ready < 0 && errno != EINTR) break;
        if (ready <= 0) {
            if (stopping_.load() && ++idle_polls >= max_idle_polls_at_end) break;
            continue;
        }
        const ssize_t written = ::write(fd_, bytes.data(), std::min(bytes.size(), chunk_bytes));
        if (written > 0) {
            bytes.remove_prefix(static_cast<size_t>(written));
            idle_polls = 0;
        } else if (errno != EINTR && errno != EAGAIN) {
            break;
        }
    }
    return all - bytes.size();
}

void LogSink::start() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (running_) return;
    running_ = true;
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
}

void LogSink::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!running_ || stopping_) return;
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = false;
}

void LogSink::hold() {
    for (int step = 0; step < queue_hold_steps; ++step)
        ::poll(nullptr, 0, hold_step_ms);
    held_ = true;
    for (int step = 0; step < write_hold_steps && writing_; ++step)
        ::poll(nullptr, 0, hold_step_ms);
}

void LogSink::log(const spdlog::details::log_msg& message) {
    std::string line(message.payload.data(), message.payload.size());
    line.push_back('\n');
    bool wake = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!running_) {
            (void)write_all(line);
            return;
        }
        if (lines_.size() >= max_queued_lines) {
            lines_.pop_front();
            ++lost_;
        }
        lines_.push_back(std::move(line));
        wake = lines_.size() == 1 || lines_.size() == max_queued_lines / 2;
    }
    if (wake) wake_.notify_one();
}

void LogSink::run() {
    std::deque<std::string> lines;
    std::string batch;
    for (bool last = false; !last;) {
        uint64_t lost = 0;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
            // More lines come soon where one came; only the end cuts this short.
            wake_.wait_for(lock, gather_time,
                           [this] { return stopping_ || lines_.size() >= max_queued_lines / 2; });
            lines.swap(lines_);
            lost = std::exchange(lost_, 0);
            last = stopping_;
        }
        batch.assign(torn_ ? "\n" : "");
        if (lost > 0 && lost_line_ != nullptr) batch += lost_line_(lost) + '\n';
        const size_t told = batch.size();
        for (const std::string& line : lines)
            batch += line;
        lines.clear();
        writing_ = true;  // before held_ is read: hold() writes and reads them the other way round
        if (held_) {
            writing_ = false;
            return;
        }
        const size_t taken = write_all(batch);
        writing_ = false;
        torn_ = taken > 0 ? batch[taken - 1] != '\n' : torn_;
        if (taken == batch.size()) continue;
        const std::string_view rest = std::string_view(batch).substr(std::max(taken, told));
        const std::lock_guard<std::mutex> lock(mutex_);
        lost_ +=
            static_cast<uint64_t>(std::count(rest.begin(), rest.end(), '\n')) + (taken < told ? lost : 0);
        if (stopping_) return;
    }
}

}  // namespace gatewayd::log
