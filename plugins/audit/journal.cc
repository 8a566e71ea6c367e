#include "journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace audit {
namespace {

std::string reason(int code) {
    return std::system_category().message(code);
}

// O_NONBLOCK: a path that is a FIFO must block neither the start nor the writer.
int open_file(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
}

uint64_t count_lines(std::string_view bytes) {
    return static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace

Journal::Journal(std::string path, size_t buffer_size, Warn warn)
    : path_(std::move(path)),
      buffer_size_(buffer_size),
      flush_size_(std::min(max_flush_size, buffer_size / 4)),
      warn_(std::move(warn)) {}

Journal::~Journal() {
    close();
}

void Journal::open() {
    file_ = open_file(path_);
    if (file_ < 0) throw std::runtime_error("cannot open " + path_ + ": " + reason(errno));
    filling_.reserve(std::min(buffer_size_, 2 * flush_size_));
    stop_ = false;
    // The gateway's signals are for its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    try {
        writer_ = std::thread([this] { run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        ::close(std::exchange(file_, -1));
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Journal::append(std::string_view line) {
    bool wake = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const size_t before = filling_.size();
        if (before + writing_size_ + line.size() > buffer_size_) {
            ++overflowed_;
            return;
        }
        filling_ += line;
        wake = before == 0 || (before < flush_size_ && filling_.size() >= flush_size_);
    }
    if (wake) wake_.notify_one();
}

void Journal::reopen() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        reopen_ = true;
    }
    wake_.notify_one();
}

void Journal::close() {
    if (!writer_.joinable()) return;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    writer_.join();
    ::close(std::exchange(file_, -1));
}

void Journal::run() {
    std::string writing;
    writing.reserve(std::min(buffer_size_, 2 * flush_size_));
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        const auto has_work = [this] { return stop_ || reopen_ || !filling_.empty(); };
        if (lost_ == 0) {
            wake_.wait(lock, has_work);
        } else {
            wake_.wait_until(lock, reported_at_ + report_interval,
                             has_work);  // to say the rest of the losses
        }
        if (!filling_.empty()) {
            wake_.wait_for(lock, flush_interval,
                           [this] { return stop_ || reopen_ || filling_.size() >= flush_size_; });
        }
        const bool last = stop_;
        const bool again = std::exchange(reopen_, false);
        std::swap(filling_, writing);
        writing_size_ = writing.size();
        const uint64_t overflowed = std::exchange(overflowed_, 0);
        lock.unlock();

        if (!writing.empty()) write(writing);
        writing.clear();
        if (overflowed > 0) {
            lost_ += overflowed;
            lost_why_ = "its buffer was full (buffer_size_kb)";
        }
        if (again) open_again();
        report_losses(last);

        lock.lock();
        writing_size_ = 0;
        if (last && filling_.empty()) return;
    }
}

void Journal::write(std::string_view bytes) {
    if (line_is_open_) {
        if (::write(file_, "\n", 1) != 1) {
            lost_ += count_lines(bytes);
            lost_why_ = reason(errno);
            return;
        }
        line_is_open_ = false;
    }
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::write(file_, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            const int code = count < 0 ? errno : ENOSPC;
            const size_t whole = bytes.substr(0, done).rfind('\n') + 1;  // npos + 1 is 0
            lost_ += count_lines(bytes.substr(whole));
            lost_why_ = reason(code);
            if (done > whole) drop_partial_line(done - whole);
            return;
        }
        done += static_cast<size_t>(count);
    }
}

// A disk that fills up cuts a line: takes its beginning out of the file again, if nobody wrote behind it.
void Journal::drop_partial_line(size_t partial) {
    struct stat info {};
    const off_t end = ::lseek(file_, 0, SEEK_CUR);
    line_is_open_ = true;
    if (end < 0 || ::fstat(file_, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size != end) return;
    line_is_open_ = ::ftruncate(file_, end - static_cast<off_t>(partial)) != 0;
}

void Journal::open_again() {
    const int file = open_file(path_);
    if (file < 0) {
        warn_("cannot reopen " + path_ + ": " + reason(errno) + "; still writing to the file opened before");
        return;
    }
    ::close(std::exchange(file_, file));
    line_is_open_ = false;
}

void Journal::report_losses(bool last) {
    const auto now = std::chrono::steady_clock::now();
    if (lost_ == 0 || (reported_ && !last && now - reported_at_ < report_interval)) return;
    warn_(std::to_string(lost_) + " events lost of " + path_ + ": " + lost_why_);
    lost_ = 0;
    reported_ = true;
    reported_at_ = now;
}

}  // namespace audit
