// The log's public functions: level, format, spdlog's logger and our sink. The only file that sees spdlog
// beside the sink.
#include "core/base/log.h"

#include <spdlog/logger.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/log_format.h"
#include "core/base/log_limiter.h"
#include "core/base/log_sink.h"

namespace gatewayd::log {
namespace {

std::atomic<LogLevel> least_level{LogLevel::info};
std::atomic<bool> as_json{false};
std::atomic<uint32_t> max_connection_lines{0};

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

void append_line(LogLevel level, std::string_view event, FieldRange fields, std::string* out) {
    const auto now = std::chrono::system_clock::now();
    if (as_json.load(std::memory_order_relaxed)) {
        append_json_line(now, level, event, fields, out);
    } else {
        append_text_line(now, level, event, fields, out);
    }
}

std::string lost_line(uint64_t lost) {
    const Field field("lines", lost);
    std::string line;
    append_line(LogLevel::warn, "log lines were lost: standard error did not take them", {&field, 1}, &line);
    return line;
}

// Lives until the process ends: lines may be logged from any destructor.
struct Output {
    std::shared_ptr<LogSink> sink = std::make_shared<LogSink>(STDERR_FILENO);
    spdlog::logger logger{"gatewayd", sink};
    std::mutex limiter_mutex;
    LogLimiter limiter;  // guarded by limiter_mutex

    Output() {
        logger.set_level(spdlog::level::trace);  // enabled() has asked already
        sink->tell_lost_by(lost_line);
    }
};

Output& output() {
    static Output* const it = new Output;
    return *it;
}

void write_range(LogLevel level, std::string_view event, FieldRange fields) {
    thread_local std::string line;
    line.clear();
    append_line(level, event, fields, &line);
    output().logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void setup(const LogSettings& settings) {
    least_level.store(settings.level);
    as_json.store(settings.format == LogFormat::json);
    max_connection_lines.store(settings.max_connection_lines);
    output().sink->start();
}

void flush_and_stop() {
    std::vector<LogLimiter::Unsaid> unsaid;
    {
        const std::lock_guard<std::mutex> lock(output().limiter_mutex);
        unsaid = output().limiter.take_unsaid();
    }
    for (const LogLimiter::Unsaid& line : unsaid) {
        write(line.level, line.event, {{"repeated", line.repeated}});
    }
    output().sink->stop();
}

void hold_all_lines() {
    output().sink->hold();
}
int descriptor() {
    return output().sink->descriptor();
}
bool is_json() {
    return as_json.load(std::memory_order_relaxed);
}

bool enabled(LogLevel level) {
    return level >= least_level.load(std::memory_order_relaxed);
}

void write(LogLevel level, std::string_view event, Fields fields) {
    if (enabled(level)) write_range(level, event, {fields.begin(), fields.size()});
}

void write_limited(LogLevel level, std::string_view key, std::string_view event, Fields fields) {
    if (!enabled(level)) return;
    LogLimiter::Verdict verdict;
    {
        const std::lock_guard<std::mutex> lock(output().limiter_mutex);
        verdict = output().limiter.note(level, key, event, std::chrono::steady_clock::now());
    }
    if (!verdict.write) return;
    if (verdict.repeated == 0) {
        write(level, event, fields);
        return;
    }
    std::vector<Field> more(fields);
    more.emplace_back("repeated", verdict.repeated);
    write_range(level, event, {more.data(), more.size()});
}

void write_connection(std::string_view key, std::string_view event, Fields fields) {
    if (!enabled(LogLevel::info)) return;
    const uint32_t allowed = max_connection_lines.load(std::memory_order_relaxed);
    if (allowed == 0) return write(LogLevel::info, event, fields);
    LogLimiter::Verdict verdict;
    {
        const std::lock_guard<std::mutex> lock(output().limiter_mutex);
        verdict =
            output().limiter.note(LogLevel::info, key, event, std::chrono::steady_clock::now(), allowed);
    }
    if (verdict.repeated > 0) write(LogLevel::info, event, {{"repeated", verdict.repeated}});
    if (verdict.write) write(LogLevel::info, event, fields);
    if (!verdict.first_left_out) return;
    write(LogLevel::warn, "very many connections come or go; not each is logged for some seconds",
          {{"left_out", event}, {"hint", "log.max_connection_lines is how many are, in 10 s"}});
}

}  // namespace gatewayd::log
