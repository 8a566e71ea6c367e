// Who may change a plugin's file: whoever can, runs code in the gateway. So a file that group or others may
// write, or that lies in a folder where they may put another in its place, is not loaded. Any thread.
#ifndef GATEWAYD_CORE_PLUGINS_PERMISSIONS_H
#define GATEWAYD_CORE_PLUGINS_PERMISSIONS_H

#include <cstdint>
#include <string>

namespace gatewayd {

// For development, where a umask of 002 is common: GATEWAYD_ALLOW_WRITABLE_PLUGINS=1 in the environment.
inline constexpr const char* allow_writable_plugins_variable = "GATEWAYD_ALLOW_WRITABLE_PLUGINS";
bool allows_writable_plugins();

// Why the file is not safe from others than its owner, and what to do; empty: it is. `path` is canonical. A
// folder with the sticky bit, such as /tmp, is safe: nobody replaces another one's file there.
std::string permission_problem(const std::string& path);
// The same of a file that was opened: `mode` is its own, whatever stands at `path` meanwhile.
std::string permission_problem(const std::string& path, uint32_t mode);

}  // namespace gatewayd

#endif
