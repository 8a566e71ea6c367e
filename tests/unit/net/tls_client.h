// A TLS client in memory, and a TlsStream that it talks to: no sockets, so that a test decides which bytes
// arrive when.
#ifndef GATEWAYD_TESTS_UNIT_NET_TLS_CLIENT_H
#define GATEWAYD_TESTS_UNIT_NET_TLS_CLIENT_H

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/net/tls_stream.h"
#include "tests/support/certificate_maker.h"
#include "tests/support/temporary_folder.h"

namespace gatewayd::testing {

class MemoryClient {
   public:
    explicit MemoryClient(int version = TLS1_3_VERSION, const char* name = nullptr) {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context_, std::min(version, TLS1_2_VERSION));
        SSL_CTX_set_max_proto_version(context_, version);
        SSL_CTX_set_security_level(context_, 0);
        ssl_ = SSL_new(context_);
        SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_connect_state(ssl_);
        if (name) SSL_set_tlsext_host_name(ssl_, name);
    }
    ~MemoryClient() {
        if (established()) SSL_shutdown(ssl_);  // or its session counts as broken, and is never resumed
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ERR_clear_error();
    }
    MemoryClient(const MemoryClient&) = delete;
    MemoryClient& operator=(const MemoryClient&) = delete;

    SSL* ssl() { return ssl_; }
    bool established() const { return SSL_is_init_finished(ssl_) == 1; }
    void hear(std::string_view bytes) {
        if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
        char buffer[16384];
        int got;
        if (!established()) SSL_do_handshake(ssl_);
        while (established() && (got = SSL_read(ssl_, buffer, sizeof buffer)) > 0)
            heard.append(buffer, static_cast<size_t>(got));
        ERR_clear_error();
    }
    void say(std::string_view text) {
        REQUIRE(SSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    }
    // What is to be sent.
    std::string take() {
        char* data = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &data);
        std::string bytes(data, static_cast<size_t>(std::max(size, 0L)));
        (void)BIO_reset(SSL_get_wbio(ssl_));
        return bytes;
    }
    std::string subject() const {
        X509* certificate = SSL_get1_peer_certificate(ssl_);
        if (!certificate) return {};
        char name[256] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
        X509_free(certificate);
        return name;
    }

    std::string heard;

   private:
    SSL_CTX* context_;
    SSL* ssl_;
};

// Files in a folder of its own, and what is made of them.
class TlsFolder {
   public:
    TlsFolder() {
        write("localhost", MadeKey::ec());
        options.certificates.push_back(files("localhost"));
    }
    void write(const std::string& name, const MadeKey& key, const std::vector<std::string>& names = {}) {
        write_file(path(name + ".pem"), make_certificate(key, name, names));
        write_file(path(name + ".key"), key.pem());
    }
    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    TlsFiles files(const std::string& name, std::vector<std::string> names = {}) const {
        return {std::move(names), path(name + ".pem"), path(name + ".key"), "cert of " + name,
                "key of " + name};
    }
    std::shared_ptr<const TlsContext> load() {
        TlsProblems problems;
        std::shared_ptr<const TlsContext> made =
            TlsContext::load(options, &tickets, ::time(nullptr), &problems);
        for (const std::string& error : problems.errors)
            FAIL(error);
        return made;
    }

    TemporaryFolder folder;
    TlsOptions options;
    TlsTickets tickets{3600};
};

// A client and the gateway's side of its connection.
struct TlsPair {
    TlsPair(std::shared_ptr<const TlsContext> context, MemoryClient* with) : client(with) {
        stream = std::make_unique<TlsStream>(std::move(context), &scratch);
    }
    // Gives the bytes to the stream, and its answers to the client, until neither says more. `piece`: so many
    // bytes at a time.
    TlsStream::Step give(std::string bytes, size_t piece = SIZE_MAX) {
        TlsStream::Step last = TlsStream::Step::need_more;
        while (!bytes.empty()) {
            std::string now = bytes.substr(0, piece);
            bytes.erase(0, now.size());
            last = feed(now);
            if (last == TlsStream::Step::failed || last == TlsStream::Step::end) return last;
            bytes += client->take();
        }
        return last;
    }
    TlsStream::Step feed(std::string_view data) {
        for (;;) {
            char* plain = nullptr;
            size_t size = 0;
            const TlsStream::Step step = stream->step(&data, &plain, &size);
            if (step == TlsStream::Step::plain) received.append(plain, size);
            hear_output();
            if (step != TlsStream::Step::established && step != TlsStream::Step::plain) return step;
        }
    }
    void hear_output() {
        const std::string output(stream->output());
        stream->clear_output();
        sent_bytes += output.size();
        client->hear(output);
    }
    TlsStream::Step shake_hands(size_t piece = SIZE_MAX) {
        client->hear({});
        return give(client->take(), piece);
    }

    TlsScratch scratch{64UL * 1024};
    MemoryClient* client;
    std::unique_ptr<TlsStream> stream;
    std::string received;
    size_t sent_bytes = 0;
};

}  // namespace gatewayd::testing

#endif
