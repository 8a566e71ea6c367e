// Addresses and networks of plugins, and ip-filter's set of them.
#include "plugins/common/address.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "plugins/ip-filter/network_set.h"

namespace gatewayd {
namespace {

using address::Address;
using address::Network;
using ip_filter::NetworkSet;

Address parsed(std::string_view text) {
    const auto found = address::parse_address(text);
    REQUIRE_MESSAGE(found, text);
    return *found;
}

Network network(std::string_view text) {
    std::string error;
    const auto found = address::parse_network(text, &error);
    REQUIRE_MESSAGE(found, text << ": " << error);
    return *found;
}

std::string problem(std::string_view text) {
    std::string error;
    return address::parse_network(text, &error) ? "" : error;
}

}  // namespace

TEST_CASE("addresses are one text each, IPv4 in IPv6 included") {
    CHECK(parsed("192.0.2.1").text() == "192.0.2.1");
    CHECK(parsed("::ffff:192.0.2.1") == parsed("192.0.2.1"));
    CHECK(parsed("2001:DB8:0:0::1").text() == "2001:db8::1");
    for (const char* none : {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "::g", "localhost", "1.2.3.4.5"})
        CHECK_FALSE(address::parse_address(none).has_value());
    CHECK(address::parse_endpoint("192.0.2.1:52110")->text() == "192.0.2.1");
    CHECK(address::parse_endpoint("[2001:db8::1]:52110")->text() == "2001:db8::1");
    CHECK_FALSE(address::parse_endpoint("[2001:db8::1").has_value());
    CHECK_FALSE(address::parse_endpoint("").has_value());
}

TEST_CASE("networks say what is wrong with them") {
    CHECK(network("192.0.2.0/24").text() == "192.0.2.0/24");
    CHECK(network("192.0.2.7").text() == "192.0.2.7/32");
    CHECK(network("2001:db8::/32").text() == "2001:db8::/32");
    CHECK(network("0.0.0.0/0").contains(parsed("255.1.2.3")));
    CHECK_FALSE(network("0.0.0.0/0").contains(parsed("2001:db8::1")));
    CHECK_FALSE(network("::/0").contains(parsed("192.0.2.1")));
    CHECK(network("::/0").contains(parsed("2001:db8::1")));
    CHECK(problem("192.0.2.1/24") == "has bits behind its prefix; did you mean 192.0.2.0/24?");
    CHECK(problem("192.0.2.0/33") == "needs a number of bits from 0 to 32 behind the slash");
    CHECK(problem("192.0.2.0/024") == "needs a number of bits from 0 to 32 behind the slash");
    CHECK(problem("2001:db8::/129") == "needs a number of bits from 0 to 128 behind the slash");
    CHECK(problem("home/8").find("is no address or network") == 0);
}

TEST_CASE("a set of networks holds what one of them holds") {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<Network> networks;
        for (int i = 0; i < 20; ++i) {
            Network made;
            made.bits = 96 + random() % 33;
            made.address =
                parsed("10.0." + std::to_string(random() % 4) + "." + std::to_string(random() % 256))
                    .masked(made.bits);
            networks.push_back(made);
        }
        const NetworkSet set(networks);
        for (int i = 0; i < 200; ++i) {
            const Address one =
                parsed("10.0." + std::to_string(random() % 5) + "." + std::to_string(random() % 256));
            bool expected = false;
            for (const Network& each : networks)
                expected |= each.contains(one);
            CHECK(set.contains(one) == expected);
        }
    }
    const NetworkSet both({network("::/0"), network("10.0.0.0/25"), network("10.0.0.64/26")});
    CHECK(both.contains(parsed("2001:db8::1")));
    CHECK(both.contains(parsed("10.0.0.127")));
    CHECK_FALSE(both.contains(parsed("10.0.0.128")));
    CHECK_FALSE(NetworkSet().contains(parsed("10.0.0.1")));
}

}  // namespace gatewayd
