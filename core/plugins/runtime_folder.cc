#include "core/plugins/runtime_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "gatewayd-";
constexpr const char* lock_name = "lock";

std::string words(int error) {
    return std::strerror(error);
}

// Where a folder of ours may lie, best first. systemd sets the first and the third.
std::vector<std::string> candidates() {
    std::vector<std::string> folders;
    for (const char* variable : {"RUNTIME_DIRECTORY", "TMPDIR", "STATE_DIRECTORY"}) {
        const char* value = std::getenv(variable);
        if (value == nullptr || value[0] != '/') continue;
        folders.emplace_back(value, std::strcspn(value, ":"));
    }
    folders.emplace_back("/tmp");
    folders.emplace_back("/var/tmp");
    return folders;
}

// Whether code of its files may run; false also when it is not there.
bool may_run_code(const std::string& folder) {
    struct statvfs info {};
    return ::statvfs(folder.c_str(), &info) == 0 && (info.f_flag & (ST_NOEXEC | ST_RDONLY)) == 0;
}

// A file that is locked already when others can see it under its name. -1: it cannot be made.
int make_lock(const std::string& folder) {
    const std::string hidden = folder + "/." + lock_name;
    const int lock = ::open(hidden.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (lock < 0) return -1;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0 &&
        ::rename(hidden.c_str(), (folder + "/" + lock_name).c_str()) == 0)
        return lock;
    ::close(lock);
    return -1;
}

// Folders of processes of ours that ended without removing them.
void remove_left_over(const std::string& base) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(base, error)) {
        if (entry.path().filename().string().rfind(prefix, 0) != 0) continue;
        struct stat info {};
        if (::lstat(entry.path().c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
            info.st_uid != ::geteuid() || (info.st_mode & 0777) != 0700)
            continue;
        const int lock = ::open((entry.path() / lock_name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (lock < 0) continue;
        std::error_code ignored;
        if (::flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
        ::close(lock);
    }
}

}  // namespace

RuntimeFolder::~RuntimeFolder() {
    if (path_.empty()) return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    ::close(lock_);
}

void RuntimeFolder::make() {
    std::string why;
    for (const std::string& base : candidates()) {
        if (!may_run_code(base)) {
            why += "; " + base + ": not there, read-only or mounted noexec";
            continue;
        }
        remove_left_over(base);
        std::string name = base + "/" + prefix + "XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            why += "; " + base + ": " + words(errno);
            continue;
        }
        lock_ = make_lock(name);
        if (lock_ >= 0) {
            path_ = name;
            return;
        }
        why += "; " + name + ": " + words(errno);
        std::error_code ignored;
        fs::remove_all(name, ignored);
    }
    throw std::runtime_error(
        "no private folder can be made to load it from; set TMPDIR to one that may run code" + why);
}

std::string RuntimeFolder::put(const std::string& name, std::string_view bytes) {
    if (path_.empty()) make();
    const std::string path = path_ + "/" + name + "-" + std::to_string(++files_) + ".so";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
    int error = file < 0 ? errno : 0;
    for (size_t done = 0; error == 0 && done < bytes.size();) {
        const ssize_t count = ::write(file, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno != EINTR) error = errno;
        if (count > 0) done += static_cast<size_t>(count);
    }
    if (file >= 0 && ::close(file) != 0 && error == 0) error = errno;
    if (error == 0) return path;
    ::unlink(path.c_str());
    throw std::runtime_error("cannot be copied to " + path + ": " + words(error) +
                             "; make room there, or set TMPDIR to another folder");
}

}  // namespace gatewayd
