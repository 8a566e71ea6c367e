// Reads wsc.tls.sni, and what the keys of wsc.tls need of each other. The files themselves are read by
// core/net/tls_certificate.h. Used by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_TLS_ENTRIES_H
#define GATEWAYD_CORE_CONFIG_TLS_ENTRIES_H

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/config/settings.h"

namespace gatewayd::config {

inline constexpr size_t max_tls_certificates = 1000;    // of wsc.tls.sni
inline constexpr size_t max_tls_names = 1000;           // of one certificate
inline constexpr size_t max_tls_name_size_bytes = 253;  // RFC 1035 section 2.3.4, without the last dot

// After read_settings().
void read_tls_entries(const ConfigNode& root, Settings& settings, Problems& problems);

// A host name as clients ask for one (RFC 6066 section 3): no address, no port; "*." may stand in front.
std::string check_tls_name(std::string_view text);

}  // namespace gatewayd::config

#endif
