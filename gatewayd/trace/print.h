// A trace's lines for people. Pure functions: any thread.
#ifndef GATEWAYD_GATEWAYD_TRACE_PRINT_H
#define GATEWAYD_GATEWAYD_TRACE_PRINT_H

#include <string>
#include <string_view>

namespace gatewayd {

// "17:20:01.123  #5    uppercase  intercept_message  continue  3.2 us  changed: content"; a line that is no
// JSON object as it stands.
std::string readable_trace_line(std::string_view json);

}  // namespace gatewayd

#endif
