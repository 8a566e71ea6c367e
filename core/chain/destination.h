// Where a message goes: set by the core from the message's fields, changed by plugins, acted on by the
// Router. The kinds and flags are the ABI's (GW_DEST_).
#ifndef GATEWAYD_CORE_CHAIN_DESTINATION_H
#define GATEWAYD_CORE_CHAIN_DESTINATION_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace gatewayd {

inline constexpr size_t max_destination_id_bytes = 256;  // topics; other ids are shorter

enum class DestinationKind : uint8_t { none, client, user, topic, all };

struct Destination {
    DestinationKind kind = DestinationKind::none;
    bool not_sender = false;
    std::string id;
};

}  // namespace gatewayd

#endif
