// Which certificate a client gets, which versions and protocols, and what a reload changes.
#include "core/net/tls_context.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/net/tls_client.h"

namespace gatewayd {
namespace {

using testing::MadeKey;
using testing::MemoryClient;
using testing::TlsFolder;
using testing::TlsPair;
using testing::write_file;

std::string subject_for(const std::shared_ptr<const TlsContext>& context, const char* name, int version) {
    MemoryClient client(version, name);
    TlsPair pair(context, &client);
    pair.shake_hands();
    CHECK(pair.stream->established());
    return client.subject();
}

TEST_CASE("the name that a client asks for decides about the certificate") {
    TlsFolder folder;
    folder.write("a.example.com", MadeKey::ec());
    folder.write("wild.example.net", MadeKey::rsa(2048), {"*.example.net"});
    folder.options.certificates.push_back(folder.files("a.example.com", {"a.example.com"}));
    folder.options.certificates.push_back(
        folder.files("wild.example.net", {"*.example.net", "b.example.net"}));
    const auto context = folder.load();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CHECK(subject_for(context, nullptr, version) == "localhost");
        CHECK(subject_for(context, "elsewhere.example.org", version) == "localhost");
        CHECK(subject_for(context, "a.example.com", version) == "a.example.com");
        CHECK(subject_for(context, "A.Example.COM", version) == "a.example.com");
        CHECK(subject_for(context, "b.a.example.com", version) == "localhost");
        CHECK(subject_for(context, "x.example.net", version) == "wild.example.net");
        CHECK(subject_for(context, "y.x.example.net", version) == "localhost");
        CHECK(subject_for(context, "example.net", version) == "localhost");
    }
    REQUIRE(context->certificates().size() == 3);
    CHECK(context->certificates()[2].name == "*.example.net");
}

TEST_CASE("a client that is older than min_version is refused, and told in words") {
    TlsFolder folder;
    const auto from_1_2 = folder.load();
    folder.options.min_version = TlsVersion::v1_3;
    const auto from_1_3 = folder.load();
    const auto try_with = [](const std::shared_ptr<const TlsContext>& context, int version) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        const TlsStream::Step step = pair.shake_hands();
        CHECK(pair.stream->established() == (step != TlsStream::Step::failed));
        return step == TlsStream::Step::failed ? pair.stream->error()
                                               : std::string(name(pair.stream->version()));
    };
    CHECK(try_with(from_1_2, TLS1_2_VERSION) == "TLSv1.2");
    CHECK(try_with(from_1_2, TLS1_3_VERSION) == "TLSv1.3");
    CHECK(try_with(from_1_3, TLS1_3_VERSION) == "TLSv1.3");
    const std::string too_old = "the client's TLS version is older than wsc.tls.min_version";
    CHECK(try_with(from_1_3, TLS1_2_VERSION) == too_old);
    CHECK(try_with(from_1_2, TLS1_1_VERSION) == too_old);
}

TEST_CASE("http/1.1 is chosen when it is offered; who offers other protocols alone may try without") {
    TlsFolder folder;
    const auto context = folder.load();
    const auto chosen = [&](const std::string& offered) {
        MemoryClient client;
        SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
        TlsPair pair(context, &client);
        pair.shake_hands();
        CHECK(pair.stream->established());
        const unsigned char* protocol = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(client.ssl(), &protocol, &size);
        return std::string(reinterpret_cast<const char*>(protocol), size);
    };
    CHECK(chosen("\x02h2\x08http/1.1") == "http/1.1");
    CHECK(chosen("\x08http/1.1") == "http/1.1");
    CHECK(chosen("\x02h2").empty());
}

TEST_CASE("weak ciphers of TLS 1.2 are not taken") {
    TlsFolder folder;
    MemoryClient client(TLS1_2_VERSION);
    REQUIRE(SSL_set_cipher_list(client.ssl(), "ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256") == 1);
    TlsPair pair(folder.load(), &client);
    CHECK(pair.shake_hands() == TlsStream::Step::failed);
    CHECK(pair.stream->error().find("no cipher in common") != std::string::npos);
}

TEST_CASE("the dear key exchanges are not taken") {
    TlsFolder folder;
    const auto context = folder.load();
    const auto taken = [&](const char* groups) {
        MemoryClient client(TLS1_3_VERSION);
        REQUIRE(SSL_set1_groups_list(client.ssl(), groups) == 1);
        TlsPair pair(context, &client);
        return pair.shake_hands() != TlsStream::Step::failed && pair.stream->established();
    };
    CHECK(taken("X25519"));
    CHECK(taken("P-256"));
    CHECK(taken("ffdhe8192:P-256"));  // asked to try again with the other
    CHECK_FALSE(taken("ffdhe8192"));
    CHECK_FALSE(taken("P-521"));
}

TEST_CASE("a reload gives new connections the new files, and a bad file changes nothing") {
    TlsFolder folder;
    TlsSource source(folder.options);
    CHECK(source.current() == nullptr);
    TlsProblems problems;
    REQUIRE(source.load(&problems));
    const auto first = source.current();
    CHECK(subject_for(first, nullptr, TLS1_3_VERSION) == "localhost");

    write_file(folder.path("localhost.pem"), "no certificate");
    CHECK_FALSE(source.load(&problems));
    CHECK(problems.errors.size() == 1);
    CHECK(source.current() == first);

    const MadeKey key = MadeKey::ec();
    write_file(folder.path("localhost.pem"), testing::make_certificate(key, "renewed"));
    write_file(folder.path("localhost.key"), key.pem());
    // Accepted before the reload, greeted after it: the old one, whole.
    MemoryClient early_client;
    TlsPair early(first, &early_client);
    REQUIRE(source.load(&problems));
    CHECK(subject_for(source.current(), nullptr, TLS1_3_VERSION) == "renewed");
    early.shake_hands();
    CHECK(early.stream->established());
    CHECK(early_client.subject() == "localhost");
}

}  // namespace
}  // namespace gatewayd
