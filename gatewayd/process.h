// What the operating system knows of this process: limits, systemd, and its own numbers. Any thread.
#ifndef GATEWAYD_GATEWAYD_PROCESS_H
#define GATEWAYD_GATEWAYD_PROCESS_H

#include <cstdint>
#include <string_view>

namespace gatewayd {

// Raises the soft limit of open files to the hard one; returns the soft limit now in force.
uint64_t raise_open_file_limit();

// Tells systemd ("READY=1"), when it asked by $NOTIFY_SOCKET; else does nothing.
void notify_systemd(std::string_view state);

struct ProcessNumbers {
    double cpu_seconds = 0;
    double start_time_seconds = 0;  // since 1970
    uint64_t resident_bytes = 0;
    uint64_t virtual_bytes = 0;
    uint64_t open_files = 0;
    uint64_t max_open_files = 0;
};
// From /proc; what cannot be read is 0.
ProcessNumbers read_process_numbers();

}  // namespace gatewayd

#endif
