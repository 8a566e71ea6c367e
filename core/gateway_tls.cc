#include "core/gateway_tls.h"

#include <chrono>

#include "core/base/log.h"
#include "core/base/log_format.h"
#include "core/gateway.h"

namespace gatewayd {
namespace {

TlsOptions tls_options(const TlsSettings& settings) {
    TlsOptions options;
    options.min_version = settings.min_version == TlsMinVersion::v1_3 ? TlsVersion::v1_3 : TlsVersion::v1_2;
    options.session_lifetime_s = settings.session_lifetime_s;
    options.certificates.push_back(
        {{}, settings.cert, settings.key, settings.cert_location, settings.key_location});
    for (const TlsNameSettings& entry : settings.sni) {
        options.certificates.push_back(
            {entry.names, entry.cert, entry.key, entry.cert_location, entry.key_location});
    }
    return options;
}

}  // namespace

GatewayTls::GatewayTls(const TlsSettings& settings) : source_(tls_options(settings)) {}

void GatewayTls::load(std::vector<std::string>* warnings) {
    TlsProblems problems;
    const bool loaded = source_.load(&problems);
    warnings->insert(warnings->end(), problems.warnings.begin(), problems.warnings.end());
    if (loaded) return;
    std::string all;
    for (const std::string& error : problems.errors)
        all += (all.empty() ? "" : "; ") + error;
    throw StartError(all);
}

void GatewayTls::reload() {
    TlsProblems problems;
    const bool loaded = source_.load(&problems);
    for (const std::string& warning : problems.warnings)
        log::warn(warning);
    for (const std::string& error : problems.errors)
        log::error("SIGHUP: a certificate cannot be used; all stay as they were", {{"why", error}});
    if (!loaded) return;
    log_certificates("SIGHUP: certificate read again; new connections get it");
}

void GatewayTls::log_certificates(const char* event) const {
    for (const TlsCertificateInfo& certificate : certificates()) {
        std::string expires;
        log::append_time(std::chrono::system_clock::time_point(std::chrono::seconds(certificate.not_after_s)),
                         &expires);
        log::info(event,
                  {{"name", certificate.name}, {"subject", certificate.subject}, {"expires", expires}});
    }
}

std::vector<TlsCertificateInfo> GatewayTls::certificates() const {
    const std::shared_ptr<const TlsContext> context = source_.current();
    return context ? context->certificates() : std::vector<TlsCertificateInfo>();
}

}  // namespace gatewayd
