// The TLS of the Gateway: from settings to the certificates that its reactors hand out, at start, for
// `gatewayd check` and on SIGHUP. The control thread, but for what is marked [any].
#ifndef GATEWAYD_CORE_GATEWAY_TLS_H
#define GATEWAYD_CORE_GATEWAY_TLS_H

#include <string>
#include <vector>

#include "core/config/settings.h"
#include "core/net/tls_context.h"

namespace gatewayd {

class GatewayTls {
   public:
    explicit GatewayTls(const TlsSettings& settings);

    // Reads the files; throws StartError with all that is wrong with them. Appends to *warnings.
    void load(std::vector<std::string>* warnings);
    // Reads them again and says in the log what came of it. A file that is not usable changes nothing.
    void reload();

    const TlsSource& source() const { return source_; }
    std::vector<TlsCertificateInfo> certificates() const;  // [any]

   private:
    void log_certificates(const char* event) const;

    TlsSource source_;
};

}  // namespace gatewayd

#endif
