// Identity: who is at the other end of a connection. Fixed when the handshake is accepted; shared by the
// session and the directory. Immutable but for the member that the directory guards: any thread.
#ifndef GATEWAYD_CORE_HUB_IDENTITY_H
#define GATEWAYD_CORE_HUB_IDENTITY_H

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/address.h"
#include "core/base/tls_version.h"

namespace gatewayd {

// Where a connection is, for whoever wants to reach it: the ABI's gw_conn_id.
struct ConnectionHandle {
    uint64_t slot = 0;        // reactor << 32 | place in that reactor's hub
    uint64_t generation = 0;  // the connection's id, unique in this process; 0: none

    uint32_t reactor() const { return static_cast<uint32_t>(slot >> 32); }
    uint32_t place() const { return static_cast<uint32_t>(slot); }
};

// What was negotiated for a connection's messages.
enum class Compression : uint8_t { none, deflate, deflate_with_context };
const char* name(Compression compression);

struct Identity {
    std::string client_id;
    std::string user_id;
    std::string user_type;
    PeerAddress remote_address;
    std::unique_ptr<const PeerAddress> proxy_address;  // the proxy that it came through; null: none
    TlsVersion tls = TlsVersion::none;
    int64_t connected_at_ms = 0;
    Compression compression = Compression::none;
    ConnectionHandle handle;

    // The directory's, under its lock of this user's shard: the next connection of the same user.
    mutable const Identity* next_of_user = nullptr;
};

using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace gatewayd

#endif
