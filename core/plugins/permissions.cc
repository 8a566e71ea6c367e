#include "core/plugins/permissions.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace gatewayd {
namespace {

std::string problem(const std::string& what, const std::string& path, mode_t mode) {
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode & 07777));
    return what + " (mode " + octal + "): chmod go-w " + path + ", or for development set " +
           allow_writable_plugins_variable + "=1";
}

bool others_may_write(mode_t mode) {
    return (mode & (S_IWGRP | S_IWOTH)) != 0;
}

}  // namespace

bool allows_writable_plugins() {
    const char* value = std::getenv(allow_writable_plugins_variable);
    return value != nullptr && std::strcmp(value, "1") == 0;
}

std::string permission_problem(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::string("cannot be looked at: ") + std::strerror(errno);
    return permission_problem(path, info.st_mode);
}

std::string permission_problem(const std::string& path, uint32_t mode) {
    if (others_may_write(mode)) return problem("others than its owner can change the file", path, mode);
    // Whoever may write a folder further up can put another tree in its place.
    struct stat info {};
    const std::filesystem::path file(path);
    for (std::filesystem::path folder = file.parent_path();; folder = folder.parent_path()) {
        if (::stat(folder.c_str(), &info) != 0) {
            return "its folder " + folder.string() + " cannot be looked at: " + std::strerror(errno);
        }
        if (others_may_write(info.st_mode) && (info.st_mode & S_ISVTX) == 0) {
            return problem("others than its owner can replace files in " + folder.string(), folder.string(),
                           info.st_mode);
        }
        if (folder == folder.root_path()) return {};
    }
}

}  // namespace gatewayd
