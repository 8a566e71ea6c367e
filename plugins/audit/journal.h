// Journal: a file of lines behind a bounded buffer. Appending copies into memory and never waits for the
// disk; one thread writes, when 256 KB have gathered (with a small buffer: a quarter of it) or the oldest
// line is a second old. What does not fit or cannot be written is dropped whole, counted, and said in the log
// at most once in ten seconds.
//
// Owned by the plugin. open, close: [control]; append, reopen: any thread between them.
#ifndef GATEWAYD_PLUGINS_AUDIT_JOURNAL_H
#define GATEWAYD_PLUGINS_AUDIT_JOURNAL_H

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace audit {

class Journal {
   public:
    // warn: any thread; must not throw.
    using Warn = std::function<void(std::string_view)>;
    Journal(std::string path, size_t buffer_size, Warn warn);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // Opens the file for appending, made with mode 0640, and starts the writer. Throws std::runtime_error
    // with path and reason.
    void open();
    // `line` ends with a line feed.
    void append(std::string_view line);
    // What is buffered goes into the old file; then the path is opened anew. If that fails the old one stays.
    void reopen();
    // Writes everything, ends the writer, closes.
    void close();

   private:
    void run();
    void write(std::string_view bytes);
    void drop_partial_line(size_t partial);
    void open_again();
    void report_losses(bool last);

    static constexpr size_t max_flush_size = size_t{256} * 1024;
    static constexpr std::chrono::milliseconds flush_interval{1000};
    static constexpr std::chrono::milliseconds report_interval{10000};

    // Constant.
    const std::string path_;
    const size_t buffer_size_;  // bytes, of lines that are not yet written
    const size_t flush_size_;   // bytes that are worth a write
    const Warn warn_;

    // Shared, under mutex_.
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string filling_;
    size_t writing_size_ = 0;  // bytes that the writer has taken and not yet written
    uint64_t overflowed_ = 0;  // lines dropped by append since the writer last looked
    bool stop_ = false;
    bool reopen_ = false;

    // The writer's; open and close touch them while it does not run.
    int file_ = -1;
    bool line_is_open_ = false;  // the file ends inside a line: a new one starts with a line feed
    uint64_t lost_ = 0;          // lines not yet reported
    std::string lost_why_;
    std::chrono::steady_clock::time_point reported_at_{};
    bool reported_ = false;
    std::thread writer_;
};

}  // namespace audit

#endif
