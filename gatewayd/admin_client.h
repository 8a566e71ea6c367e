// One request to the admin listener of a gateway that runs, for sub-commands: where it listens and its key
// come from the configuration. Blocks. Start-up only.
#ifndef GATEWAYD_GATEWAYD_ADMIN_CLIENT_H
#define GATEWAYD_GATEWAYD_ADMIN_CLIENT_H

#include <string>

#include "core/config/settings.h"

namespace gatewayd {

struct AdminAnswer {
    int status = 0;  // 0: nobody answered, and `body` says why
    std::string body;
};

// At most `time_limit_s` seconds for all of it.
AdminAnswer admin_post(const AdminSettings& admin, const std::string& target, uint32_t time_limit_s);

}  // namespace gatewayd

#endif
