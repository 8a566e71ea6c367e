#include "script.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <gateway/sdk/base.hpp>

namespace lua {
namespace {

FileIdentity identity_of(const struct stat& info) {
    return {info.st_dev, info.st_ino, info.st_mtim.tv_sec * INT64_C(1000000000) + info.st_mtim.tv_nsec,
            info.st_size};
}

bool others_may_write(const struct stat& info) {
    const char* allowed = std::getenv("GATEWAYD_ALLOW_WRITABLE_PLUGINS");
    if (allowed != nullptr && std::strcmp(allowed, "1") == 0) return false;
    return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

[[noreturn]] void refuse(const std::string& what) {
    throw gateway::Error(what, GW_E_ARG);
}

void check_writers(const std::string& path, const struct stat& file) {
    constexpr const char* or_else = ", or for development set GATEWAYD_ALLOW_WRITABLE_PLUGINS=1";
    if (others_may_write(file)) {
        refuse("others than its owner can change " + path + ": chmod go-w " + path + or_else);
    }
    const std::string folder = std::filesystem::path(path).parent_path().string();
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && others_may_write(info) && (info.st_mode & S_ISVTX) == 0) {
        refuse("others than its owner can replace files in " + folder + ": chmod go-w " + folder + or_else);
    }
}

// An open file, closed with it.
class Descriptor {
   public:
    explicit Descriptor(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
        if (fd_ < 0) refuse("cannot open " + path + ": " + std::strerror(errno));
    }
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

   private:
    int fd_;
};

}  // namespace

FileIdentity identity_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? identity_of(info) : FileIdentity{};
}

std::shared_ptr<const Script> read_script(const std::string& path, const std::string& config_json) {
    const Descriptor file(path);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) refuse("cannot look at " + path + ": " + std::strerror(errno));
    if (!S_ISREG(info.st_mode)) refuse(path + " is no regular file");
    check_writers(path, info);
    auto script = std::make_shared<Script>();
    script->path = path;
    script->name = std::filesystem::path(path).filename().string();
    script->config_json = config_json;
    script->identity = identity_of(info);
    // One byte more than it may have, and more than it says when it grows meanwhile.
    script->source.resize(max_script_bytes + 1);
    size_t length = 0;
    for (;;) {
        const ssize_t got = ::read(file.get(), &script->source[length], script->source.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse("cannot read " + path + ": " + std::strerror(errno));
        if (got == 0) break;
        length += static_cast<size_t>(got);
        if (length > max_script_bytes) {
            refuse(path + " has more than " + std::to_string(max_script_bytes) + " bytes");
        }
    }
    script->source.resize(length);
    return script;
}

}  // namespace lua
