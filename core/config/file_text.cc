#include "core/config/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace gatewayd::config {

namespace {

std::string reason(int code) {
    return std::generic_category().message(code);
}

class Descriptor {
   public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

   private:
    const int number_;
};

}  // namespace

FileText read_file_text(const std::string& file, size_t max_size_bytes) {
    if (file.empty()) return {{}, "no configuration file is named"};
    if (file.find('\0') != std::string::npos) return {{}, "no such file"};
    // Not blocking: a pipe without a writer would hang.
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (descriptor.number() < 0) {
        return {{}, errno == ENOENT ? "no such file" : "cannot be opened: " + reason(errno)};
    }
    struct stat status {};
    if (::fstat(descriptor.number(), &status) != 0) return {{}, "cannot be read: " + reason(errno)};
    if (S_ISDIR(status.st_mode)) return {{}, "is a folder, not a file"};
    if (!S_ISREG(status.st_mode)) return {{}, "is not a regular file"};

    FileText result;
    char buffer[16384];
    while (true) {
        const ssize_t count = ::read(descriptor.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {{}, "cannot be read: " + reason(errno)};
        if (count == 0) return result;
        result.text.append(buffer, static_cast<size_t>(count));
        if (result.text.size() > max_size_bytes) {
            return {{}, "larger than " + std::to_string(max_size_bytes / 1024) + " KB"};
        }
    }
}

}  // namespace gatewayd::config
