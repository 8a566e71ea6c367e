#include "core/net/tls_tickets.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/net/tls_client.h"

namespace gatewayd {
namespace {

using testing::MemoryClient;
using testing::TlsFolder;
using testing::TlsPair;
using Found = TlsTickets::Found;

TEST_CASE("a key seals for one lifetime and opens for another") {
    TlsTickets tickets(100);
    const TlsTickets::TimePoint start{std::chrono::seconds(1000)};
    const auto after = [start](int seconds) { return start + std::chrono::seconds(seconds); };
    TlsTickets::Key first;
    TlsTickets::Key other;
    REQUIRE(tickets.current(start, &first));
    REQUIRE(tickets.current(after(99), &other));
    CHECK(other.name == first.name);
    CHECK(tickets.find(first.name.data(), after(99), &other) == Found::current);
    CHECK(tickets.find(first.name.data(), after(150), &other) == Found::previous);
    CHECK(other.cipher == first.cipher);
    CHECK(other.mac == first.mac);
    REQUIRE(tickets.current(after(150), &other));
    CHECK(other.name != first.name);
    CHECK(other.cipher != first.cipher);
    CHECK(tickets.find(first.name.data(), after(251), &other) == Found::none);
}

TEST_CASE("after a long silence nothing old opens") {
    TlsTickets tickets(100);
    const TlsTickets::TimePoint start{std::chrono::seconds(1000)};
    TlsTickets::Key first;
    TlsTickets::Key other;
    REQUIRE(tickets.current(start, &first));
    CHECK(tickets.find(first.name.data(), start + std::chrono::seconds(201), &other) == Found::none);
}

// A session of a first connection, as a client keeps it.
SSL_SESSION* session_of(const std::shared_ptr<const TlsContext>& context, int version) {
    MemoryClient client(version);
    TlsPair pair(context, &client);
    pair.shake_hands();
    REQUIRE(pair.stream->established());
    CHECK_FALSE(pair.stream->resumed());
    SSL_SESSION* session = SSL_get1_session(client.ssl());
    REQUIRE(session != nullptr);
    return session;
}

bool resumes(const std::shared_ptr<const TlsContext>& context, SSL_SESSION* session, int version) {
    MemoryClient client(version);
    SSL_set_session(client.ssl(), session);
    TlsPair pair(context, &client);
    pair.shake_hands();
    CHECK(pair.stream->established());
    CHECK(pair.stream->resumed() == (SSL_session_reused(client.ssl()) == 1));
    return pair.stream->resumed();
}

TEST_CASE("sessions go on at every context of the process, also after a reload") {
    TlsFolder folder;
    const auto before = folder.load();
    const auto after = folder.load();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        SSL_SESSION* session = session_of(before, version);
        CHECK(SSL_SESSION_has_ticket(session) == 1);
        CHECK(resumes(before, session, version));
        CHECK(resumes(after, session, version));
        SSL_SESSION_free(session);
    }
}

TEST_CASE("sessions of another process, or with lifetime 0, are not resumed") {
    TlsFolder folder;
    TlsFolder elsewhere;
    const auto here = folder.load();
    const auto there = elsewhere.load();
    TlsTickets never(0);
    TlsProblems problems;
    const auto without = TlsContext::load(folder.options, &never, ::time(nullptr), &problems);
    REQUIRE(without != nullptr);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        SSL_SESSION* session = session_of(here, version);
        CHECK_FALSE(resumes(there, session, version));
        CHECK_FALSE(resumes(without, session, version));
        SSL_SESSION_free(session);
        SSL_SESSION* no_session = session_of(without, version);
        CHECK(SSL_SESSION_has_ticket(no_session) == 0);
        CHECK_FALSE(resumes(without, no_session, version));
        SSL_SESSION_free(no_session);
    }
}

}  // namespace
}  // namespace gatewayd
