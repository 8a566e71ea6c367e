// What operators are told of each bad file.
#include "core/net/tls_certificate.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>

#include "tests/unit/net/tls_client.h"

namespace gatewayd {
namespace {

using testing::MadeKey;
using testing::make_certificate;
using testing::TlsFolder;
using testing::write_file;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The one error, without the folder; empty: it was loaded.
std::string error_of(TlsFolder& folder, std::vector<std::string>* warnings = nullptr) {
    TlsProblems problems;
    const auto context = TlsContext::load(folder.options, &folder.tickets, ::time(nullptr), &problems);
    CHECK((context != nullptr) == problems.errors.empty());
    if (warnings) *warnings = problems.warnings;
    if (problems.errors.empty()) return {};
    CHECK(problems.errors.size() == 1);
    std::string error = problems.errors.front();
    for (size_t at; (at = error.find(folder.folder.path() + "/")) != std::string::npos;)
        error.erase(at, folder.folder.path().size() + 1);
    return error;
}

TEST_CASE("a good pair loads, and tells what it is") {
    TlsFolder folder;
    TlsCertificate certificate;
    TlsProblems problems;
    CHECK(certificate.read(folder.files("localhost"), ::time(nullptr), &problems));
    CHECK(problems.errors.empty());
    CHECK(certificate.info().name == "default");
    CHECK(certificate.info().subject == "CN = localhost");
    CHECK(certificate.info().not_after_s > ::time(nullptr));
}

TEST_CASE("a file that is not there, not readable as one, or empty") {
    TlsFolder folder;
    folder.options.certificates[0].cert = folder.path("none.pem");
    CHECK(error_of(folder) == "cert of localhost: none.pem cannot be read: No such file or directory");
    folder.options.certificates[0].cert = folder.folder.path();
    CHECK(contains(error_of(folder), "is not a file"));
    ::mkfifo(folder.path("fifo").c_str(), 0600);
    folder.options.certificates[0].cert = folder.path("fifo");
    CHECK(error_of(folder) == "cert of localhost: fifo is not a file");
    folder.options.certificates[0] = folder.files("localhost");
    write_file(folder.path("localhost.key"), "");
    CHECK(error_of(folder) == "key of localhost: localhost.key is empty");
    write_file(folder.path("localhost.key"), std::string(1024 * 1024 + 1, 'x'));
    CHECK(contains(error_of(folder), "larger than 1 MiB"));
}

TEST_CASE("a file that is not what it should be") {
    TlsFolder folder;
    write_file(folder.path("localhost.pem"), "hello\n");
    CHECK(error_of(folder) ==
          "cert of localhost: localhost.pem is not PEM: it has no line -----BEGIN CERTIFICATE-----");
    write_file(folder.path("localhost.pem"), std::string("\x30\x82\x01\x02\x30\x82", 6));
    CHECK(contains(error_of(folder), "is DER, not PEM; convert it: openssl x509"));
    write_file(folder.path("localhost.pem"),
               "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(contains(error_of(folder), "has a certificate that cannot be read"));
    write_file(folder.path("localhost.pem"), MadeKey::ec().pem());
    CHECK(contains(error_of(folder), "holds a private key and no certificate; are cert and key swapped?"));

    TlsFolder other;
    write_file(other.path("localhost.key"), make_certificate(MadeKey::ec(), "localhost"));
    CHECK(contains(error_of(other), "holds a certificate and no private key; are cert and key swapped?"));
    write_file(other.path("localhost.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    CHECK(contains(error_of(other), "has a private key that cannot be read"));
    write_file(other.path("localhost.key"), "-----BEGIN DH PARAMETERS-----\n-----END DH PARAMETERS-----\n");
    CHECK(contains(error_of(other), "has no private key: no line -----BEGIN PRIVATE KEY-----"));
}

TEST_CASE("a key with a passphrase is refused with the command that takes it off") {
    TlsFolder folder;
    const MadeKey key = MadeKey::ec();
    write_file(folder.path("localhost.pem"), make_certificate(key, "localhost"));
    write_file(folder.path("localhost.key"), key.pem("secret"));
    CHECK(contains(error_of(folder), "is encrypted with a passphrase"));
    CHECK(contains(error_of(folder), "openssl pkey -in"));
}

TEST_CASE("a key of another certificate, and one of a later certificate of the file") {
    TlsFolder folder;
    write_file(folder.path("localhost.key"), MadeKey::ec().pem());
    CHECK(error_of(folder) ==
          "key of localhost: localhost.key is not the key of the certificate in localhost.pem (CN = "
          "localhost)");
    const MadeKey own = MadeKey::ec();
    write_file(folder.path("localhost.pem"),
               make_certificate(MadeKey::ec(), "authority") + make_certificate(own, "localhost"));
    write_file(folder.path("localhost.key"), own.pem());
    CHECK(contains(error_of(folder),
                   "is the key of the 2. certificate in localhost.pem; the server's own "
                   "must be the first"));
}

TEST_CASE("a chain behind the certificate is taken, and a broken one is found") {
    TlsFolder folder;
    const MadeKey own = MadeKey::ec();
    const std::string first = make_certificate(own, "localhost");
    write_file(folder.path("localhost.pem"), first + make_certificate(MadeKey::ec(), "authority"));
    write_file(folder.path("localhost.key"), own.pem());
    CHECK(error_of(folder).empty());
    write_file(folder.path("localhost.pem"),
               first + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(contains(error_of(folder), "has a certificate that cannot be read, the 2. of the file"));
}

TEST_CASE("a weak key is refused with its size") {
    TlsFolder folder;
    folder.write("localhost", MadeKey::rsa(1024));
    CHECK(contains(error_of(folder), "has a key of 1024 bits, which is too weak; RSA needs 2048"));
}

TEST_CASE("dates out of range are warnings that say since when") {
    TlsFolder folder;
    const MadeKey key = MadeKey::ec();
    write_file(folder.path("localhost.key"), key.pem());
    std::vector<std::string> warnings;
    ::chmod(folder.path("localhost.key").c_str(), 0600);
    write_file(folder.path("localhost.pem"), make_certificate(key, "localhost", {}, -7200, -3600));
    CHECK(error_of(folder, &warnings).empty());
    REQUIRE(warnings.size() == 1);
    CHECK(contains(warnings[0], "cert of localhost: "));
    CHECK(contains(warnings[0], "(CN = localhost) expired on 20"));
    CHECK(contains(warnings[0], " UTC"));
    write_file(folder.path("localhost.pem"), make_certificate(key, "localhost", {}, 3600, 7200));
    CHECK(error_of(folder, &warnings).empty());
    REQUIRE(warnings.size() == 1);
    CHECK(contains(warnings[0], "is not valid before 20"));
}

TEST_CASE("a key that everybody may read, and a certificate for other names, are warned of") {
    TlsFolder folder;
    std::vector<std::string> warnings;
    folder.options.certificates.push_back(
        folder.files("localhost", {"localhost", "a.example.com", "*.local"}));
    ::chmod(folder.path("localhost.key").c_str(), 0644);
    CHECK(error_of(folder, &warnings).empty());
    REQUIRE(warnings.size() == 4);
    CHECK(contains(warnings[0], "can be read by every user of this machine; chmod o-r"));
    CHECK(contains(warnings[2], "is not for a.example.com; clients will refuse it"));
    CHECK(contains(warnings[3], "is not for *.local"));
    ::chmod(folder.path("localhost.key").c_str(), 0640);
    CHECK(error_of(folder, &warnings).empty());
    CHECK(warnings.size() == 2);
}

TEST_CASE("every wrong file is told of in one go") {
    TlsFolder folder;
    folder.options.certificates.push_back(folder.files("missing", {"missing"}));
    write_file(folder.path("localhost.key"), "x");
    TlsProblems problems;
    CHECK(TlsContext::load(folder.options, &folder.tickets, ::time(nullptr), &problems) == nullptr);
    CHECK(problems.errors.size() == 3);
}

}  // namespace
}  // namespace gatewayd
