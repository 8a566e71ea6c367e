// TlsContext: the certificates of one moment as OpenSSL wants them, one SSL_CTX for each, and which of them a
// client gets by the name that it asks for (RFC 6066 section 3). Immutable; a connection keeps the one that
// it was accepted with.
//
// TlsSource: where new connections find the current TlsContext. Owned by the Gateway. load() belongs to the
// control thread, the rest to any.
#ifndef GATEWAYD_CORE_NET_TLS_CONTEXT_H
#define GATEWAYD_CORE_NET_TLS_CONTEXT_H

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/tls_version.h"
#include "core/net/tls_certificate.h"
#include "core/net/tls_tickets.h"

struct ssl_st;

namespace gatewayd {

struct TlsOptions {
    TlsVersion min_version = TlsVersion::v1_2;
    uint32_t session_lifetime_s = 3600;
    std::vector<TlsFiles> certificates;  // the first is the default
};

class TlsContext {
   public:
    // Null: *problems says why. `tickets` outlives every connection.
    static std::shared_ptr<const TlsContext> load(const TlsOptions& options, TlsTickets* tickets,
                                                  int64_t now_s, TlsProblems* problems);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // A server's side of one connection, the caller's. Null: no memory. The context must outlive its
    // handshake.
    ssl_st* make_ssl() const;
    const std::vector<TlsCertificateInfo>& certificates() const { return certificates_; }

    // The context for a name that a client asks for, in any case.
    ssl_ctx_st* find(std::string_view name) const;

   private:
    TlsContext() = default;
    bool add(const TlsOptions& options, const TlsFiles& files, TlsTickets* tickets, int64_t now_s,
             TlsProblems* problems);

    std::vector<ssl_ctx_st*> contexts_;                     // the first is the default
    std::unordered_map<std::string, ssl_ctx_st*> by_name_;  // "*.example.com" as it is written
    std::vector<TlsCertificateInfo> certificates_;
};

class TlsSource {
   public:
    explicit TlsSource(TlsOptions options)
        : options_(std::move(options)), tickets_(options_.session_lifetime_s) {}

    // Reads all files again. False: one of them is not usable, *problems says why, and nothing changes.
    bool load(TlsProblems* problems);

    // [any] Null before the first load().
    std::shared_ptr<const TlsContext> current() const;

   private:
    const TlsOptions options_;
    TlsTickets tickets_;
    mutable std::mutex mutex_;
    std::shared_ptr<const TlsContext> current_;  // guarded by mutex_
};

}  // namespace gatewayd

#endif
