#include "core/plugins/crash_record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/siphash.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_bytes = 1024UL * 1024;
constexpr size_t shorten_from_bytes = 64UL * 1024;
constexpr uint32_t max_kept_crashes = 1000;  // in a row, of one file; no plugins.crash_limit is higher
constexpr size_t max_counts = 4096;          // of files; those beyond are not counted

class Descriptor {
   public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

   private:
    int fd_;
};

std::string words_of(int error) {
    return std::strerror(error);
}

// Appends under a lock that keeps shorten() from losing it.
bool append(int fd, const std::string& text) {
    ::flock(fd, LOCK_EX);
    const bool all = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int error = errno;
    ::flock(fd, LOCK_UN);
    errno = error;
    return all;
}

std::string read_all(int fd) {
    std::string text(max_bytes, '\0');
    size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        size += static_cast<size_t>(n);
    }
    text.resize(size);
    return text;
}

std::vector<std::string_view> words_in(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const size_t end = std::min(line.find(' '), line.size());
        if (end > 0) words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

int64_t number_of(std::string_view word) {
    int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

std::string clean_line(const std::string& identity) {
    return "clean " + identity + " " + std::to_string(wall_now_ms()) + "\n";
}

}  // namespace

std::string file_identity(const std::string& path, uint64_t content_hash) {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64,
                  fixed_siphash(path + "\n" + std::to_string(content_hash)));
    return text;
}

std::string state_folder(const PluginsSettings& settings) {
    if (!settings.state_dir.empty()) return settings.state_dir;
    const auto variable = [](const char* name) -> std::string {
        const char* value = std::getenv(name);
        return value == nullptr || value[0] != '/' ? "" : value;
    };
    if (const std::string given = variable("STATE_DIRECTORY"); !given.empty())
        return given.substr(0, given.find(':'));
    if (const std::string given = variable("XDG_STATE_HOME"); !given.empty()) return given + "/gatewayd";
    if (const std::string home = variable("HOME"); !home.empty()) return home + "/.local/state/gatewayd";
    return {};
}

std::unique_ptr<CrashRecord> CrashRecord::open(const std::string& folder, std::string* why) {
    if (folder.empty()) {
        *why = "there is no place for them: set plugins.state_dir, or $STATE_DIRECTORY";
        return nullptr;
    }
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) {
        *why = folder + " cannot be made: " + failure.message() + "; set plugins.state_dir";
        return nullptr;
    }
    Descriptor lock(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    const std::string path = folder + "/crashes";
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (lock.get() < 0 || file.get() < 0) {
        *why = folder + " cannot be written: " + words_of(errno) + "; set plugins.state_dir";
        return nullptr;
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        *why = folder + " is used by another gatewayd: give each a plugins.state_dir of its own";
        return nullptr;
    }
    std::unique_ptr<CrashRecord> record(new CrashRecord);
    record->path_ = path;
    record->lock_ = lock.release();
    record->file_ = file.release();
    record->read(read_all(record->file_));
    record->shorten();
    return record;
}

std::unique_ptr<CrashRecord> CrashRecord::look(const std::string& folder, std::string* why) {
    std::unique_ptr<CrashRecord> record(new CrashRecord);
    if (folder.empty()) return record;
    record->path_ = folder + "/crashes";
    const Descriptor file(::open(record->path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0 && errno != ENOENT && errno != ENOTDIR) {
        *why = record->path_ + " cannot be read: " + words_of(errno);
        return nullptr;
    }
    if (file.get() >= 0) record->read(read_all(file.get()));
    return record;
}

std::string CrashRecord::forgive(const std::string& folder, const std::string& identity) {
    const std::string path = folder + "/crashes";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0 || !append(file.get(), clean_line(identity)))
        return path + " cannot be written: " + words_of(errno);
    return {};
}

CrashRecord::~CrashRecord() {
    if (file_ >= 0) ::close(file_);
    if (lock_ >= 0) ::close(lock_);
}

// Lines that are none of ours say nothing: the last one may have been cut off by the end of a disk.
void CrashRecord::read(const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const auto words = words_in(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (words.size() >= 2 && words[0] == "clean") counts_.erase(std::string(words[1]));
        if (words.size() < 7 || words[0] != "crash") continue;
        const std::string identity(words[1]);
        if (counts_.size() >= max_counts && counts_.find(identity) == counts_.end()) continue;
        CrashCount& count = counts_[identity];
        ++count.in_a_row;
        count.at_ms = number_of(words[2]);
        count.signal = words[3];
        count.function = words[5];
        count.guards = count.guards || words[6] != "0";
    }
}

// What `clean` lines have made void goes; a crash handler cannot, so files would grow for ever.
void CrashRecord::shorten() {
    struct stat info {};
    if (::fstat(file_, &info) != 0 || static_cast<size_t>(info.st_size) < shorten_from_bytes) return;
    std::string text;
    for (const auto& [identity, count] : counts_) {
        const std::string line = "crash " + identity + " " + std::to_string(count.at_ms) + " " +
                                 count.signal + " - " + count.function + " " + (count.guards ? "1" : "0") +
                                 "\n";
        for (uint32_t i = 0; i < std::min(count.in_a_row, max_kept_crashes); ++i)
            text += line;
    }
    ::flock(file_, LOCK_EX);
    const bool done = ::ftruncate(file_, 0) == 0 &&
                      ::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::flock(file_, LOCK_UN);
    if (!done) log::warn("crash counts cannot be written", {{"file", path_}, {"why", words_of(errno)}});
}

CrashCount CrashRecord::count_of(const std::string& identity) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(identity);
    return found == counts_.end() ? CrashCount() : found->second;
}

void CrashRecord::clean(const std::vector<std::string>& identities) {
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        for (const std::string& identity : identities) {
            if (counts_.erase(identity) > 0) text += clean_line(identity);
        }
    }
    if (!text.empty() && file_ >= 0 && !append(file_, text))
        log::warn("crash counts cannot be written", {{"file", path_}, {"why", words_of(errno)}});
}

}  // namespace gatewayd
