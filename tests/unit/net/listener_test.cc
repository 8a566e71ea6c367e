#include "core/net/listener.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace gatewayd {
namespace {

TEST_CASE("port 0 gives a port, and further listeners share it") {
    Listener first = Listener::open("127.0.0.1", 0, 0);
    CHECK(first.fd() >= 0);
    const uint16_t port = first.port();
    CHECK(port != 0);
    const Listener second = Listener::open("127.0.0.1", port, 1);
    CHECK(second.port() == port);
    CHECK(second.fd() != first.fd());
}

TEST_CASE("a port that somebody listens on is found, though SO_REUSEPORT would let us in") {
    Listener taken = Listener::open("127.0.0.1", 0, 0);
    const uint16_t port = taken.port();
    CHECK_THROWS_WITH_AS(Listener::check_free("127.0.0.1", port), doctest::Contains("Address already in use"),
                         ListenError);
    taken.close();
    CHECK(taken.fd() == -1);
    CHECK_NOTHROW(Listener::check_free("127.0.0.1", port));
}

TEST_CASE("what is no address of this machine is refused in words") {
    CHECK_THROWS_WITH_AS(Listener::open("localhost", 0, 0), "\"localhost\" is not an IP address",
                         ListenError);
    CHECK_THROWS_AS(Listener::open("192.0.2.1", 0, 0), ListenError);
    CHECK_THROWS_AS(Listener::check_free("", 1), ListenError);
}

TEST_CASE("a moved listener leaves nothing behind") {
    Listener first = Listener::open("127.0.0.1", 0, 0);
    const int fd = first.fd();
    Listener second = std::move(first);
    CHECK(second.fd() == fd);
    Listener third;
    CHECK(third.fd() == -1);
    third = std::move(second);
    CHECK(third.fd() == fd);
}

}  // namespace
}  // namespace gatewayd
