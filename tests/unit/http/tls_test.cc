// TLS: whom the client trusts, and what it says of those that it does not.
#include "core/http/tls.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/support/certificate_maker.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/http/asking.h"
#include "tests/unit/http/http_server.h"

namespace gatewayd {
namespace {

using testing::Asking;
using testing::HttpPeer;
using testing::HttpServer;
using testing::request_for;

// A certificate in a folder, and a server that has it.
struct TlsServer {
    explicit TlsServer(const std::string& name, const std::vector<std::string>& more = {}, long begin_s = -60,
                       long end_s = 3600) {
        const testing::MadeKey key = testing::MadeKey::ec();
        testing::write_file(cert(), testing::make_certificate(key, name, more, begin_s, end_s));
        testing::write_file(folder.path() + "/key.pem", key.pem());
        server = std::make_unique<HttpServer>(
            [this](HttpPeer& peer) {
                const char* asked = SSL_get_servername(peer.ssl(), TLSEXT_NAMETYPE_host_name);
                while (peer.request())
                    if (!peer.answer(std::string(asked ? asked : "no name") + " " +
                                     SSL_get_version(peer.ssl())))
                        return;
            },
            cert(), folder.path() + "/key.pem");
    }
    std::string cert() const { return folder.path() + "/cert.pem"; }
    HttpClientOptions trusted() const {
        HttpClientOptions options;
        options.ca_file = cert();
        return options;
    }
    HttpAnswer ask(HttpClientOptions options, const char* host) const {
        Asking asking(std::move(options));
        return asking.get(server->url("/", host))->wait();
    }

    testing::TemporaryFolder folder;
    std::unique_ptr<HttpServer> server;
};

std::string distrust(const HttpAnswer& answer) {
    CHECK(answer.outcome == HttpOutcome::tls);
    const size_t at = answer.error.find("its certificate is not trusted: ");
    return at == std::string::npos ? answer.error : answer.error.substr(at + 32);
}

TEST_CASE("a server with a certificate of the file, for its name, is asked by its name") {
    TlsServer server("api.example.com", {"x,IP:127.0.0.1"});
    CHECK(server.ask(server.trusted(), "api.example.com").body == "api.example.com TLSv1.3");
    CHECK(server.ask(server.trusted(), "127.0.0.1").body == "no name TLSv1.3");
    CHECK(distrust(server.ask(server.trusted(), "evil.example.com")) == "hostname mismatch");
}

TEST_CASE("the connection is kept as a plain one is") {
    TlsServer server("api.example.com");
    Asking asking(server.trusted());
    for (int i = 0; i < 10; ++i)
        REQUIRE(asking.get(server.server->url("/", "api.example.com"))->wait().status == 200);
    CHECK(server.server->accepted() == 1);
}

TEST_CASE("who is not of the file, or out of date, is not trusted") {
    TlsServer server("api.example.com");
    TlsServer other("api.example.com");
    CHECK(distrust(server.ask(other.trusted(), "api.example.com")).find("self-signed certificate") == 0);
    CHECK(distrust(server.ask({}, "api.example.com")).find("self-signed certificate") == 0);
    TlsServer old("api.example.com", {}, -7200, -3600);
    CHECK(distrust(old.ask(old.trusted(), "api.example.com")) == "certificate has expired");
    TlsServer wild("*.example.com");
    CHECK(wild.ask(wild.trusted(), "a.example.com").status == 200);
    CHECK(distrust(wild.ask(wild.trusted(), "a.b.example.com")) == "hostname mismatch");
}

TEST_CASE("no TLS behind https, and no end of it in the middle of an answer") {
    HttpServer plain([](HttpPeer& peer) {
        peer.say("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.wait_for_end();
    });
    Asking asking;
    const HttpAnswer answer = asking.get("https://127.0.0.1:" + std::to_string(plain.port()) + "/")->wait();
    CHECK(answer.outcome == HttpOutcome::tls);
    CHECK(answer.error.find("no TLS: ") != std::string::npos);

    // A body that ends with the connection is whole only when TLS says that it ends.
    TlsServer server("api.example.com");
    const std::string cert = server.cert();
    const std::string key = server.folder.path() + "/key.pem";
    for (const bool says_end : {true, false}) {
        HttpServer cut(
            [&](HttpPeer& peer) {
                if (!peer.request()) return;
                peer.say("HTTP/1.1 200 OK\r\n\r\nall of it?");
                if (!says_end) SSL_set_quiet_shutdown(peer.ssl(), 1);
            },
            cert, key);
        Asking trusting(server.trusted());
        const HttpAnswer ended = trusting.get(cut.url("/", "api.example.com"))->wait();
        CHECK(ended.outcome == (says_end ? HttpOutcome::ok : HttpOutcome::broken));
    }
}

TEST_CASE("a file that cannot be used is told with its name") {
    testing::TemporaryFolder folder;
    HttpTls tls;
    CHECK(tls.load_file("/nowhere/ca.pem") == "/nowhere/ca.pem: No such file or directory");
    const std::string empty = folder.path() + "/empty.pem";
    testing::write_file(empty, "no certificate\n");
    CHECK(tls.load_file(empty).find(empty + " has no certificates in PEM that can be used: ") == 0);
}

}  // namespace
}  // namespace gatewayd
