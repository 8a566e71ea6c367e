// What the YAML says of groups (README.md), checked. Made in Configure, constant afterwards: any thread.
#ifndef GATEWAYD_PLUGINS_GROUP_SETTINGS_H
#define GATEWAYD_PLUGINS_GROUP_SETTINGS_H

#include <cstddef>
#include <cstdint>

#include "gateway/plugin.hpp"
#include "types.h"

namespace group {

struct Settings {
    size_t max_group_size = 500;  // members, and invitations, of one group
    size_t max_groups_per_user = 100;
    size_t max_groups = 100'000;
    bool clients_create = true;  // create: join
    Visibility visibility = Visibility::open;
    size_t notice_limit = 500;  // members; larger groups get no notices of who comes and goes
    size_t max_metadata_bytes = 4096;
    uint32_t changes_per_minute = 120;  // of one user; 0: no limit
    bool join_token_groups = true;

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config);
};

}  // namespace group

#endif
