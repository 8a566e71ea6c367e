// A stack in words: for each frame the file, the offset in it, and the function's name as its author wrote
// it, hidden ones too unless the file is stripped. Reads those files; not for signal handlers. Any thread.
#ifndef GATEWAYD_CORE_GUARD_STACK_TEXT_H
#define GATEWAYD_CORE_GUARD_STACK_TEXT_H

#include <string>
#include <vector>

namespace gatewayd {

// "/opt/acme.so+0x11a9 Acme::Intercept(gateway::Request&)", the innermost first.
std::vector<std::string> stack_text(void* const* frames, int count);

}  // namespace gatewayd

#endif
