// The gateway's log: an event in words and its fields, as text (`client connected client_id=c1`) or as JSON
// Lines. Lines are formatted by the caller and written by one background thread from a bounded queue
// (8,192 lines; when it is full the oldest are lost and counted). Any thread, after setup().
#ifndef GATEWAYD_CORE_BASE_LOG_H
#define GATEWAYD_CORE_BASE_LOG_H

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>

#include "core/config/settings.h"

namespace gatewayd::log {

struct Field {
    std::string_view key;
    std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, bool v) : key(k), value(v) {}
    Field(std::string_view k, double v) : key(k), value(v) {}
    template <typename Int, typename = std::enable_if_t<std::is_integral_v<Int>>>
    Field(std::string_view k, Int v) : key(k) {
        if constexpr (std::is_signed_v<Int>) {
            value = static_cast<int64_t>(v);
        } else {
            value = static_cast<uint64_t>(v);
        }
    }
};
using Fields = std::initializer_list<Field>;

// Call once, before the first line; before it, lines go to stderr as text. Lines go to standard error.
void setup(const LogSettings& settings);
// Writes what is queued and stops the background thread.
void flush_and_stop();

// For the last words of a process, after setup(); async-signal-safe. No other line is written from here on.
void hold_all_lines();
int descriptor();
bool is_json();

bool enabled(LogLevel level);
void write(LogLevel level, std::string_view event, Fields fields = {});

inline void debug(std::string_view event, Fields fields = {}) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
    if (enabled(LogLevel::info)) write(LogLevel::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
    write(LogLevel::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
    write(LogLevel::error, event, fields);
}

// For what can repeat without end (refusals, plugin errors, EMFILE): writes the first line of a `key`, then
// counts; once in 10 s the next line of that key is written with repeated=N. At most 1,024 keys are kept;
// beyond, they share one. What was counted and not yet said is said by flush_and_stop().
void write_limited(LogLevel level, std::string_view key, std::string_view event, Fields fields = {});
// For each client that comes or goes: at most log.max_connection_lines of a `key` in 10 s; then one line that
// says so, and later one that says how many were left out.
void write_connection(std::string_view key, std::string_view event, Fields fields);

}  // namespace gatewayd::log

#endif
