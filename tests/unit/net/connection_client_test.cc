// Whose connection it is when a trusted proxy is between.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/net/connection.h"
#include "tests/unit/net/reactor_harness.h"

namespace gatewayd {
namespace {

using testing::client_frame;
using testing::ReactorHarness;
using testing::TestClient;

NetOptions behind_proxy(ProxyHeader header, uint32_t max_per_address = 0) {
    NetOptions options;
    std::string why;
    options.trusted_proxies = {*Cidr::parse("127.0.0.0/8", &why)};
    options.proxy_header = header;
    options.max_connections_per_address = max_per_address;
    return options;
}

std::string proxy_line(const std::string& ip) {
    return "PROXY TCP4 " + ip + " 192.0.2.99 1000 8081\r\n";
}

std::string forwarded(const std::string& ip) {
    return TestClient::upgrade("/now", "X-Forwarded-For: " + ip + "\r\n");
}

void send_in_bytes(TestClient& client, const std::string& bytes) {
    for (const char c : bytes)
        REQUIRE(client.send({&c, 1}));
}

TEST_CASE("a PROXY header may come in any pieces, before and with what follows") {
    ReactorHarness harness(behind_proxy(ProxyHeader::proxy_protocol));
    const std::string head = proxy_line("192.0.2.1");
    const std::string request = TestClient::upgrade("/now");
    const std::string frame = client_frame(Opcode::text, "hello");
    std::vector<TestClient> clients;
    for (size_t cut = 1; cut < head.size() + 2; ++cut) {
        TestClient client(harness.port);
        const std::string all = head + request + frame;
        REQUIRE(client.send(all.substr(0, cut)));
        REQUIRE(client.send(all.substr(cut)));
        REQUIRE(client.read_status() == 101);
        CHECK(client.read_frame()->payload == "hello");
    }
    TestClient slow(harness.port);
    send_in_bytes(slow, head + request + frame);
    REQUIRE(slow.read_status() == 101);
    CHECK(slow.read_frame()->payload == "hello");
    harness.on_thread([&] {
        CHECK(harness.service.remotes == std::vector<std::string>(head.size() + 2, "192.0.2.1:1000"));
        // Each byte counts once.
        const size_t each = head.size() + request.size() + frame.size();
        CHECK(harness.counters.net.bytes_received.get() == each * (head.size() + 2));
    });
}

TEST_CASE("a proxy that speaks for itself keeps its own address and counts for no client") {
    ReactorHarness harness(behind_proxy(ProxyHeader::proxy_protocol, 1));
    std::vector<TestClient> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(harness.port);
        REQUIRE(clients.back().send("PROXY UNKNOWN\r\n" + TestClient::upgrade("/now")));
        REQUIRE(clients.back().read_status() == 101);
    }
    harness.on_thread([&] {
        for (const std::string& remote : harness.service.remotes)
            CHECK(remote.substr(0, 10) == "127.0.0.1:");
        for (const Connection* connection : harness.service.open)
            CHECK(connection->proxy_address()->text() == connection->remote_address().text());
    });
}

TEST_CASE("a trusted proxy without a good PROXY header is cut off") {
    ReactorHarness harness(behind_proxy(ProxyHeader::proxy_protocol));
    for (const std::string& said :
         {TestClient::upgrade("/now"), std::string("PROXY TCP4 x\r\n"), std::string("\x16\x03\x01", 3)}) {
        TestClient client(harness.port);
        REQUIRE(client.send(said));
        CHECK(client.read_status() == 0);
    }
    CHECK(harness.eventually([&] { return harness.counters.net.open.get() == 0; }));
    harness.on_thread([&] {
        CHECK(harness.service.remotes.empty());
        CHECK(harness.service.rejected ==
              std::vector<std::pair<RejectReason, int>>(3, {RejectReason::proxy_header, 0}));
    });
}

TEST_CASE("a proxy that is silent is cut off when the handshake's time is over") {
    NetOptions options = behind_proxy(ProxyHeader::proxy_protocol);
    options.handshake_timeout_ms = 300;
    ReactorHarness harness(options);
    TestClient client(harness.port);
    REQUIRE(client.send("PROXY "));
    CHECK(client.read_status() == 0);
    harness.on_thread([&] { CHECK(harness.service.rejected.at(0).first == RejectReason::proxy_header); });
}

TEST_CASE("clients of a proxy are counted by their own addresses") {
    for (const bool line : {true, false}) {
        CAPTURE(line);
        ReactorHarness harness(
            behind_proxy(line ? ProxyHeader::proxy_protocol : ProxyHeader::x_forwarded_for, 2));
        auto connect = [&](const std::string& ip) {
            TestClient client(harness.port);
            REQUIRE(client.send(line ? proxy_line(ip) + TestClient::upgrade("/now") : forwarded(ip)));
            return client;
        };
        TestClient first = connect("192.0.2.1");
        TestClient second = connect("192.0.2.1");
        TestClient other = connect("192.0.2.2");
        for (TestClient* client : {&first, &second, &other})
            CHECK(client->read_status() == 101);
        for (int i = 0; i < 5; ++i)
            CHECK(connect("192.0.2.1").read_status() == 503);
        first.hang_up();
        REQUIRE(harness.eventually([&] { return harness.service.open.size() == 2; }));
        CHECK(harness.eventually([&] { return harness.limits.count() == 2; }));
        CHECK(connect("192.0.2.1").read_status() == 101);
        harness.on_thread([&] {
            CHECK(harness.counters.net.rejected[static_cast<size_t>(RejectReason::address_full)].get() == 5);
        });
        // Too many are being told already: not a word for the next.
        harness.limits.refusing += NodeLimits::max_refusing_connections;
        TestClient fourth = connect("192.0.2.2");
        REQUIRE(fourth.read_status() == 101);
        CHECK(connect("192.0.2.2").read_status() == 0);
        harness.limits.refusing -= NodeLimits::max_refusing_connections;
        CHECK(harness.eventually([&] { return harness.limits.refusing == 0; }));
    }
}

TEST_CASE("a full node tells a proxy's clients, whichever way it names them") {
    for (const bool line : {true, false}) {
        CAPTURE(line);
        NetOptions options = behind_proxy(line ? ProxyHeader::proxy_protocol : ProxyHeader::forwarded);
        options.max_connections = 1;
        ReactorHarness harness(options);
        const std::string before = line ? proxy_line("192.0.2.1") : "";
        TestClient first(harness.port);
        REQUIRE(first.send(before + TestClient::upgrade("/now")));
        REQUIRE(first.read_status() == 101);
        TestClient second(harness.port);
        REQUIRE(second.send(before + TestClient::upgrade("/now", "Forwarded: for=192.0.2.1\r\n")));
        CHECK(second.read_status() == 503);
    }
}

TEST_CASE("a PROXY header where none is expected is refused in words") {
    NetOptions direct;
    direct.proxy_header = ProxyHeader::proxy_protocol;
    const std::string binary("\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00", 16);
    for (const NetOptions& options : {direct, behind_proxy(ProxyHeader::x_forwarded_for)}) {
        ReactorHarness harness(options);
        for (const std::string& header : {proxy_line("192.0.2.1"), binary}) {
            TestClient client(harness.port);
            REQUIRE(client.send(header + TestClient::upgrade("/now")));
            CHECK(client.read_status() == 400);
        }
        harness.on_thread([&] {
            CHECK(harness.service.remotes.empty());
            CHECK(harness.service.rejected ==
                  std::vector<std::pair<RejectReason, int>>(2, {RejectReason::proxy_header, 400}));
        });
    }
}

}  // namespace
}  // namespace gatewayd
