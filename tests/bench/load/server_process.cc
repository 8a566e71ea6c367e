#include "tests/bench/load/server_process.h"

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

namespace load {
namespace {

int64_t read_clock(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0) throw std::runtime_error("the server has ended");
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

}  // namespace

ServerProcess::ServerProcess(int pid) : pid_(pid) {
    const int error = clock_getcpuclockid(pid, &clock_);
    if (error != 0) throw std::runtime_error("process " + std::to_string(pid) + ": " + std::strerror(error));
}

int64_t ServerProcess::cpu_ns() const {
    return read_clock(clock_);
}

Memory ServerProcess::memory() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/smaps_rollup");
    Memory memory;
    std::string line;
    while (std::getline(file, line)) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string key = line.substr(0, colon);
        if (key == "Rss") memory.rss_kb = std::stoll(line.substr(colon + 1));
        if (key == "Anonymous") memory.anonymous_kb = std::stoll(line.substr(colon + 1));
    }
    if (memory.rss_kb == 0) throw std::runtime_error("cannot read the server's memory");
    return memory;
}

int64_t own_cpu_ns() {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace load
