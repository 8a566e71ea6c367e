#include "gatewayd/plugin/check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "gatewayd/plugin/entry.h"
#include "gatewayd/plugin/probe.h"

namespace gatewayd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t max_line_bytes = 4096;
constexpr size_t max_lines = 10000;  // of one child; a plugin that logs without end is not all shown

// --- the child's side: one line each to the parent, a letter and a text ---

class Wire {
   public:
    explicit Wire(int fd) : fd_(fd) {}

    void send(char what, std::string text) const {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
        std::string line = what + text.substr(0, max_line_bytes) + "\n";
        for (size_t sent = 0; sent < line.size();) {
            const ssize_t n = ::write(fd_, line.data() + sent, line.size() - sent);
            if (n < 0 && errno != EINTR) ::_exit(exit_failed);  // nobody listens any more
            if (n > 0) sent += static_cast<size_t>(n);
        }
    }

   private:
    const int fd_;
};

[[noreturn]] void run_child(int fd, const PluginSettings& entry, bool starts) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);  // what the plugin prints is no report
    const Wire wire(fd);
    ProbeWatcher watcher;
    watcher.begins = [&](const std::string& step) { wire.send('B', step); };
    watcher.hook_begins = [&](const std::string& hook) { wire.send('H', hook); };
    watcher.ends = [&](bool bad, const std::string& what) { wire.send(bad ? 'F' : 'G', what); };
    watcher.says = [&](const std::string& line) { wire.send('S', line); };
    probe_plugin(entry, starts, watcher);
    wire.send('E', "");
    ::_exit(exit_clean);  // the parent has all it wants: destructors of the process are nobody's business
}

// --- the parent's side ---

class Report {
   public:
    // One line of the child.
    void take(const std::string& line) {
        const std::string text = line.substr(1);
        switch (line[0]) {
            case 'B':
                step_ = text;
                break;
            case 'H':
                hook_ = text;
                break;
            case 'G':
                row(text.empty() ? "ok" : "ok      " + text);
                break;
            case 'F':
                failed_ = true;
                row(text.empty() ? "FAILED" : "FAILED  " + text);
                break;
            case 'S':
                if (++lines_ <= max_lines) std::printf("            %s\n", text.c_str());
                break;
            case 'E':
                ended_ = true;
                break;
            default:
                break;
        }
        std::fflush(stdout);
    }
    // The child did not come to its end.
    void broke(const std::string& how) {
        failed_ = true;
        row("FAILED  " + how + (hook_.empty() ? "" : " in " + hook_));
    }
    bool ended() const { return ended_; }
    int exit_status() const {
        std::printf("%s\n", failed_ ? "failed" : "the plugin passes");
        return failed_ ? exit_failed : exit_clean;
    }

   private:
    void row(const std::string& text) {
        std::printf("%-11s %s\n", step_.c_str(), text.c_str());
        step_.clear();
    }

    std::string step_ = "load";
    std::string hook_;
    size_t lines_ = 0;
    bool failed_ = false;
    bool ended_ = false;
};

// Reads until the child closes its end, or the time is over: then false.
bool listen(int fd, uint32_t time_limit_s, Report* report) {
    const auto end = Clock::now() + std::chrono::seconds(time_limit_s);
    std::string pending;
    char bytes[4096];
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd wanted{fd, POLLIN, 0};
        const int ready = left <= 0 ? 0 : ::poll(&wanted, 1, static_cast<int>(left));
        if (ready == 0) return false;
        if (ready < 0 && errno == EINTR) continue;
        const ssize_t n = ::read(fd, bytes, sizeof bytes);
        if (n <= 0) return true;
        pending.append(bytes, static_cast<size_t>(n));
        for (size_t at = pending.find('\n'); at != std::string::npos; at = pending.find('\n')) {
            if (at > 0) report->take(pending.substr(0, at));
            pending.erase(0, at + 1);
            if (report->ended()) return true;
        }
    }
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        const char* name = ::sigabbrev_np(signal);
        return std::string("the process was killed by SIG") + (name ? name : "?") + " (" +
               ::strsignal(signal) + ")";
    }
    return "the plugin ended the process with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

int check_plugin(const CommandLine& line) {
    const std::optional<PluginSettings> entry = plugin_entry(line);
    if (!entry) return exit_refused;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    if (child == 0) {
        ::close(ends[0]);
        run_child(ends[1], *entry, !line.plugin_no_start);
    }
    ::close(ends[1]);
    Report report;
    const bool in_time = listen(ends[0], line.time_limit_s, &report);
    // A child of the plugin's own, or one that lingers at its end, must not hold us up.
    if (!in_time || report.ended()) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ::close(ends[0]);
    if (!in_time) {
        report.broke("no answer within " + std::to_string(line.time_limit_s) + " s");
    } else if (!report.ended()) {
        report.broke(how_it_ended(status));
    }
    return report.exit_status();
}

}  // namespace gatewayd
