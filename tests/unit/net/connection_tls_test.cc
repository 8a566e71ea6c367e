// Connections on TLS, over real sockets: what connection_test.cc has for plain ones, as far as TLS stands
// between.
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/net/reactor.h"
#include "tests/unit/net/reactor_harness.h"
#include "tests/unit/net/tls_client.h"

namespace gatewayd {
namespace {

using testing::client_close;
using testing::client_frame;
using testing::ReactorHarness;
using testing::TestClient;
using testing::text_frame;
using testing::TlsFolder;

struct TlsHarness {
    explicit TlsHarness(const NetOptions& options = {}) : source(folder.options) {
        TlsProblems problems;
        REQUIRE(source.load(&problems));
        harness = std::make_unique<ReactorHarness>(options, &source);
    }
    ReactorHarness* operator->() { return harness.get(); }

    TlsFolder folder;
    TlsSource source;
    std::unique_ptr<ReactorHarness> harness;
};

// A blocking client; every wait has the deadline of its socket.
class SecureClient {
   public:
    SecureClient(uint16_t port, int version, int receive_buffer_bytes = 0)
        : socket_(port, receive_buffer_bytes) {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(context_, version);
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, socket_.fd());
        established_ = SSL_connect(ssl_) == 1;
        ERR_clear_error();
    }
    ~SecureClient() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        ERR_clear_error();
    }
    SecureClient(const SecureClient&) = delete;
    SecureClient& operator=(const SecureClient&) = delete;

    bool established() const { return established_; }
    bool send(std::string_view bytes) {
        return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
               static_cast<int>(bytes.size());
    }
    int handshake(const std::string& target) {
        send(TestClient::upgrade(target));
        return read_status();
    }
    int read_status() {
        size_t end;
        while ((end = read_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return 0;
        }
        const int status = std::atoi(read_.c_str() + 9);
        read_.erase(0, end + 4);
        return status;
    }
    // The payload of the next frame; "(end)" when the stream ended before.
    std::string next() {
        for (;;) {
            if (read_.size() >= 10 || (read_.size() >= 2 && static_cast<unsigned char>(read_[1]) < 126)) {
                const size_t size = server_frame_size(read_);
                if (read_.size() >= size) {
                    const std::string payload(server_frame_payload(std::string_view(read_).substr(0, size)));
                    last_opcode = static_cast<Opcode>(read_[0] & 0x0F);
                    read_.erase(0, size);
                    return payload;
                }
            }
            if (!fill()) return "(end)";
        }
    }
    // The stream ends; true: with close_notify.
    bool ends_properly() {
        while (fill())
            read_.clear();
        return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    void say_close() { SSL_shutdown(ssl_); }
    void hang_up() { socket_.hang_up(); }

    Opcode last_opcode = Opcode::text;

   private:
    bool fill() {
        char buffer[16384];
        const int got = SSL_read(ssl_, buffer, sizeof buffer);
        ERR_clear_error();
        if (got <= 0) return false;
        read_.append(buffer, static_cast<size_t>(got));
        return true;
    }

    TestClient socket_;
    SSL_CTX* context_;
    SSL* ssl_;
    bool established_ = false;
    std::string read_;
};

const std::vector<int> versions{TLS1_2_VERSION, TLS1_3_VERSION};

TEST_CASE("a TLS connection echoes, small and big, and ends with close frame and close_notify") {
    TlsHarness server;
    for (const int version : versions) {
        SecureClient client(server->port, version);
        REQUIRE(client.established());
        REQUIRE(client.handshake("/now") == 101);
        for (const size_t size : {0UL, 1UL, 125UL, 16384UL, 70000UL, 1'000'000UL}) {
            const std::string text(size, 'x');
            REQUIRE(client.send(client_frame(Opcode::text, text)));
            REQUIRE(client.next() == text);
        }
        client.send(client_close(1000));
        client.next();
        CHECK(client.last_opcode == Opcode::close);
        CHECK(client.ends_properly());
    }
    CHECK(server->eventually([&] { return server->counters.net.open.get() == 0; }));
    server->on_thread([&] {
        CHECK(server->counters.net.tls_full[static_cast<size_t>(TlsVersion::v1_2)].get() == 1);
        CHECK(server->counters.net.tls_full[static_cast<size_t>(TlsVersion::v1_3)].get() == 1);
        CHECK(server->counters.net.tls_open[static_cast<size_t>(TlsVersion::v1_3)].get() == 0);
    });
}

TEST_CASE("on TLS, frames behind the request wait for a late answer") {
    TlsHarness server;
    SecureClient client(server->port, TLS1_3_VERSION);
    client.send(TestClient::upgrade("/later") + client_frame(Opcode::text, "one"));
    client.send(client_frame(Opcode::text, "two"));
    REQUIRE(server->eventually([&] { return server->service.waiting.size() == 1; }));
    server->on_thread([&] { server->service.accept_waiting(); });
    CHECK(client.read_status() == 101);
    CHECK(client.next() == "one");
    CHECK(client.next() == "two");
}

TEST_CASE("on TLS, closing in the middle of what was decrypted is safe") {
    TlsHarness server;
    for (const char* word : {"close", "doom"}) {
        SecureClient client(server->port, TLS1_3_VERSION);
        REQUIRE(client.handshake("/now") == 101);
        client.send(client_frame(Opcode::text, word) + client_frame(Opcode::text, "behind") +
                    client_close(1000));
        client.next();
        CHECK(client.last_opcode == Opcode::close);
        client.ends_properly();
    }
    SecureClient refused(server->port, TLS1_3_VERSION);
    refused.send(TestClient::upgrade("/refuse") + client_frame(Opcode::text, "behind"));
    CHECK(refused.read_status() == 403);
    CHECK(refused.ends_properly());
}

TEST_CASE("on TLS, a reader that is slow gets what it is owed, in order, and memory is bounded") {
    NetOptions options;
    options.max_queue_messages = 20;
    options.slow_client = SlowClientAction::drop_newest;
    TlsHarness server(options);
    SecureClient slow(server->port, TLS1_3_VERSION, 4096);
    REQUIRE(slow.handshake("/now") == 101);
    REQUIRE(server->eventually([&] { return server->service.open.size() == 1; }));
    for (int round = 0; round < 200; ++round) {
        server->on_thread([&] {
            for (int i = 0; i < 5; ++i)
                server->service.open[0]->enqueue(
                    text_frame(std::to_string(round * 5 + i) + std::string(20'000, ' ')));
        });
    }
    server->on_thread([&] { CHECK(server->counters.net.queued_bytes.get() < 22 * 20'100 + 4 * 65'536); });
    slow.send(client_frame(Opcode::ping, "end"));
    int expected = 0;
    for (;;) {
        const std::string text = slow.next();
        if (slow.last_opcode == Opcode::pong) break;
        REQUIRE(std::atoi(text.c_str()) == expected++);
    }
    CHECK(expected >= 20);
    CHECK(expected < 1000);
    CHECK(server->eventually([&] { return server->counters.net.queued_bytes.get() == 0; }));
}

TEST_CASE("on TLS, who takes nothing for write_stall_timeout is cut off") {
    NetOptions options;
    options.write_stall_timeout_ms = 200;
    options.max_queue_messages = 100'000;
    options.max_queue_bytes = 1UL << 30;
    TlsHarness server(options);
    SecureClient slow(server->port, TLS1_3_VERSION, 4096);
    REQUIRE(slow.handshake("/now") == 101);
    REQUIRE(server->eventually([&] { return server->service.open.size() == 1; }));
    server->on_thread([&] {
        for (int i = 0; i < 1000; ++i)
            server->service.open[0]->enqueue(text_frame(std::string(20'000, ' ')));
    });
    CHECK(server->eventually([&] { return server->service.closed.size() == 1; }));
    server->on_thread([&] { CHECK(server->service.closed[0].reason == DisconnectReason::slow_client); });
}

TEST_CASE("on the TLS port: plain HTTP, garbage, half a hello, an end and a reset") {
    NetOptions options;
    options.handshake_timeout_ms = 200;
    TlsHarness server(options);
    TestClient plain(server->port);
    CHECK(plain.handshake("/now") == 400);
    CHECK(plain.read_all().find("wss://") != std::string::npos);
    TestClient garbage(server->port);
    garbage.send("garbage, with a small letter in front");
    garbage.read_all();
    TestClient half(server->port);
    half.send(std::string("\x16\x03\x01\x02\x00", 5));
    CHECK(half.read_all().empty());  // its time is over
    TestClient gone(server->port);
    gone.send(std::string("\x16\x03\x01\x02\x00", 5));
    gone.hang_up();
    SecureClient lost(server->port, TLS1_3_VERSION);
    REQUIRE(lost.handshake("/now") == 101);
    lost.hang_up();
    SecureClient leaving(server->port, TLS1_3_VERSION);
    REQUIRE(leaving.handshake("/now") == 101);
    leaving.say_close();
    CHECK(leaving.ends_properly());
    CHECK(server->eventually([&] { return server->service.closed.size() == 2; }));
    server->on_thread([&] {
        for (const auto& closed : server->service.closed)
            CHECK(closed.reason == DisconnectReason::connection_lost);
        const auto& rejected = server->counters.net.rejected;
        CHECK(rejected[static_cast<size_t>(RejectReason::tls_handshake)].get() == 2);
        CHECK(rejected[static_cast<size_t>(RejectReason::timeout)].get() == 1);
        CHECK(server->counters.net.tls_failed.get() == 2);
    });
}

TEST_CASE("close_all and drop_all reach TLS connections in every state") {
    TlsHarness server;
    SecureClient open(server->port, TLS1_2_VERSION);
    REQUIRE(open.handshake("/now") == 101);
    SecureClient no_request(server->port, TLS1_3_VERSION);
    TestClient half(server->port);
    half.send(std::string("\x16\x03\x01\x02\x00", 5));
    REQUIRE(server->eventually([&] { return server->reactor.connection_count() == 3; }));
    server->on_thread(
        [&] { server->reactor.close_all(close_going_away, "the end", DisconnectReason::server_shutdown); });
    open.next();
    CHECK(open.last_opcode == Opcode::close);
    CHECK(no_request.read_status() == 503);
    CHECK(half.read_all().empty());
    server->on_thread([&] { server->reactor.drop_all(DisconnectReason::server_shutdown); });
}

TEST_CASE("a reload while clients come and go: each gets one certificate or the other, whole") {
    TlsHarness server;
    std::atomic<bool> over{false};
    std::thread reloader([&] {
        while (!over) {
            TlsProblems problems;
            server.source.load(&problems);
        }
    });
    for (int i = 0; i < 30; ++i) {
        SecureClient client(server->port, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        REQUIRE(client.established());
        REQUIRE(client.handshake("/now") == 101);
        client.send(client_frame(Opcode::text, "hello"));
        CHECK(client.next() == "hello");
    }
    over = true;
    reloader.join();
}

}  // namespace
}  // namespace gatewayd
