// The TLS version of a connection, as the log, metrics and plugins name it. A value: any thread.
#ifndef GATEWAYD_CORE_BASE_TLS_VERSION_H
#define GATEWAYD_CORE_BASE_TLS_VERSION_H

#include <cstdint>

namespace gatewayd {

enum class TlsVersion : uint8_t { none, v1_2, v1_3 };
inline constexpr int tls_version_count = 3;

// "TLSv1.3"; none is empty.
constexpr const char* name(TlsVersion version) {
    return version == TlsVersion::v1_3 ? "TLSv1.3" : version == TlsVersion::v1_2 ? "TLSv1.2" : "";
}

}  // namespace gatewayd

#endif
