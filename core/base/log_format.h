// One line of the log, as text or as a JSON object, whatever bytes its values have: a hostile id can neither
// begin a line of its own nor look like another field. Pure functions: any thread.
#ifndef GATEWAYD_CORE_BASE_LOG_FORMAT_H
#define GATEWAYD_CORE_BASE_LOG_FORMAT_H

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/log.h"

namespace gatewayd::log {

const char* level_name(LogLevel level);

// Appends "2026-11-25T22:49:51.123Z".
void append_time(std::chrono::system_clock::time_point time, std::string* out);

// Fields as a range: write_limited has more than an initializer_list can hold.
struct FieldRange {
    const Field* data = nullptr;
    size_t size = 0;
};

// Appends the line without a line feed.
void append_text_line(std::chrono::system_clock::time_point time, LogLevel level, std::string_view event,
                      FieldRange fields, std::string* out);
void append_json_line(std::chrono::system_clock::time_point time, LogLevel level, std::string_view event,
                      FieldRange fields, std::string* out);

}  // namespace gatewayd::log

#endif
