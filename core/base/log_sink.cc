#include "core/base/log_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace gatewayd::log {
namespace {

constexpr std::chrono::milliseconds gather_time{10};

// Also to a descriptor that somebody made non-blocking, as terminals shared with a shell can be.
void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<size_t>(written));
        } else if (written < 0 && errno == EINTR) {
            continue;
        } else if (written < 0 && errno == EAGAIN) {
            pollfd writable{fd, POLLOUT, 0};
            ::poll(&writable, 1, -1);
        } else {
            return;  // nobody reads the log any more: nowhere to say so
        }
    }
}

}  // namespace

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

void LogSink::log(const spdlog::details::log_msg& message) {
    std::string line(message.payload.data(), message.payload.size());
    line.push_back('\n');
    bool wake = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!running_) {
            write_all(fd_, line);
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
        batch.clear();
        if (lost > 0 && lost_line_ != nullptr) batch = lost_line_(lost) + '\n';
        for (const std::string& line : lines)
            batch += line;
        lines.clear();
        write_all(fd_, batch);
    }
}

}  // namespace gatewayd::log
