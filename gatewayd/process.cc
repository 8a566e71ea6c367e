#include "gatewayd/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace gatewayd {
namespace {

// Seconds from the boot to 1970's reckoning: the line "btime N" of /proc/stat.
double boot_time_seconds() {
    std::ifstream stat("/proc/stat");
    std::string word;
    for (std::string line; std::getline(stat, line);) {
        if (line.compare(0, 6, "btime ") == 0) return std::strtod(line.c_str() + 6, nullptr);
    }
    return 0;
}

uint64_t count_open_files() {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return 0;
    uint64_t count = 0;
    while (const dirent* entry = ::readdir(folder)) {
        if (entry->d_name[0] != '.') ++count;
    }
    ::closedir(folder);
    return count > 0 ? count - 1 : 0;  // the folder itself
}

}  // namespace

uint64_t raise_open_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit raised = limit;
        raised.rlim_cur = raised.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur;
}

void notify_systemd(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const size_t length = std::strlen(path);
    if (length >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace

    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    // systemd that does not listen is no reason to stop: the result is of no use.
    (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                   size);
    ::close(fd);
}

ProcessNumbers read_process_numbers() {
    ProcessNumbers numbers;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto seconds = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
        };
        numbers.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) numbers.max_open_files = limit.rlim_cur;
    numbers.open_files = count_open_files();

    // Behind the name, which may hold spaces and brackets: field 3 on. 22 start time, 23 virtual, 24
    // resident.
    std::ifstream stat("/proc/self/stat");
    std::string line;
    std::getline(stat, line);
    const size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return numbers;
    std::istringstream fields(line.substr(name_end + 1));
    std::string field;
    for (int number = 3; number <= 21; ++number)
        fields >> field;
    uint64_t start_ticks = 0;
    uint64_t resident_pages = 0;
    if (fields >> start_ticks >> numbers.virtual_bytes >> resident_pages) {
        numbers.resident_bytes = resident_pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
        numbers.start_time_seconds = boot_time_seconds() + static_cast<double>(start_ticks) /
                                                               static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    return numbers;
}

}  // namespace gatewayd
