#include "core/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gatewayd {
namespace {

namespace ssl = boost::asio::ssl;

std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return reason ? reason : "unknown reason";
}

std::unique_ptr<ssl::context> make_context() {
    auto made = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX* raw = made->native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(raw, protocols, sizeof protocols - 1);
    return made;
}

}  // namespace

std::string HttpTls::load_file(const std::string& file) {
    // OpenSSL's own words about a file that is not there name functions, not reasons.
    std::FILE* readable = std::fopen(file.c_str(), "re");
    if (!readable) return file + ": " + std::strerror(errno);
    std::fclose(readable);
    auto made = make_context();
    if (SSL_CTX_load_verify_locations(made->native_handle(), file.c_str(), nullptr) != 1)
        return file + " has no certificates in PEM that can be used: " + last_error();
    context_ = std::move(made);
    return {};
}

ssl::context* HttpTls::context(std::string* error) {
    if (context_) return context_.get();
    auto made = make_context();
    if (SSL_CTX_set_default_verify_paths(made->native_handle()) != 1) {
        *error = "the system's certificates cannot be read: " + last_error();
        return nullptr;
    }
    context_ = std::move(made);
    return context_.get();
}

bool HttpTls::expect_host(ssl_st* ssl, const std::string& host, bool is_address) {
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

std::string HttpTls::distrust(ssl_st* ssl) {
    const long result = SSL_get_verify_result(ssl);
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace gatewayd
