// The TLS of one connection, with a client in memory: bytes cut anywhere, big and small, ends good and bad.
#include "core/net/tls_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/net/tls_client.h"

namespace gatewayd {
namespace {

using testing::MemoryClient;
using testing::TlsFolder;
using testing::TlsPair;
using Step = TlsStream::Step;

const std::vector<int> versions{TLS1_2_VERSION, TLS1_3_VERSION};

std::string noise(size_t size) {
    std::string text(size, '\0');
    uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

// Encrypts all of it, flight by flight, as a socket that takes everything would.
void send(TlsPair* pair, std::vector<std::string> pieces) {
    std::vector<iovec> parts;
    for (std::string& piece : pieces)
        parts.push_back({piece.data(), piece.size()});
    iovec* at = parts.data();
    int count = static_cast<int>(parts.size());
    while (count > 0) {
        pair->stream->encrypt(&at, &count);
        CHECK(pair->stream->output().size() <=
              TlsScratch::max_flight_bytes + 2 * TlsScratch::max_record_bytes);
        REQUIRE_FALSE(pair->stream->failed());
        pair->hear_output();
    }
}

TEST_CASE("a handshake, and messages both ways, in both versions") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const int version : versions) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        CHECK_FALSE(pair.stream->begun());
        CHECK(pair.shake_hands() == Step::need_more);
        CHECK(pair.stream->established());
        CHECK(pair.stream->version() == (version == TLS1_3_VERSION ? TlsVersion::v1_3 : TlsVersion::v1_2));
        client.say("hello");
        CHECK(pair.give(client.take()) == Step::need_more);
        CHECK(pair.received == "hello");
        send(&pair, {"a", "", "bc", "def"});
        CHECK(client.heard == "abcdef");
        CHECK(pair.stream->waiting.empty());
    }
}

TEST_CASE("bytes that come one at a time") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const int version : versions) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        pair.shake_hands(1);
        CHECK(pair.stream->established());
        const std::string text = noise(40'000);
        client.say(text);
        CHECK(pair.give(client.take(), 1) == Step::need_more);
        CHECK(pair.received == text);
    }
}

TEST_CASE("a client's first bytes may come with the end of its handshake") {
    TlsFolder folder;
    MemoryClient client(TLS1_3_VERSION);
    TlsPair pair(folder.load(), &client);
    client.hear({});
    std::string hello = client.take();
    std::string_view data = hello;
    char* plain = nullptr;
    size_t size = 0;
    CHECK(pair.stream->step(&data, &plain, &size) == Step::need_more);
    pair.hear_output();
    client.say("early");
    CHECK(pair.give(client.take()) == Step::need_more);
    CHECK(pair.received == "early");
}

TEST_CASE("a message of many records lies in one piece, as far as there is room") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const int version : versions) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        pair.shake_hands();
        const std::string text = noise(1'000'000);
        client.say(text);
        const std::string bytes = client.take();
        int pieces = 0;
        // As a reactor reads: its buffer full each time.
        for (size_t at = 0; at < bytes.size(); at += 64UL * 1024) {
            std::string_view data = std::string_view(bytes).substr(at, 64UL * 1024);
            for (;;) {
                char* plain = nullptr;
                size_t size = 0;
                const Step step = pair.stream->step(&data, &plain, &size);
                if (step != Step::plain) break;
                ++pieces;
                pair.received.append(plain, size);
            }
        }
        CHECK(pair.received == text);
        CHECK(pieces <= 17);
        pair.received.clear();
        send(&pair, {text});
        CHECK(client.heard == text);
    }
}

TEST_CASE("small pieces share a record") {
    TlsFolder folder;
    MemoryClient client;
    TlsPair pair(folder.load(), &client);
    pair.shake_hands();
    pair.sent_bytes = 0;
    send(&pair, std::vector<std::string>(100, std::string(10, 'x')));
    CHECK(client.heard.size() == 1000);
    CHECK(pair.sent_bytes < 1100);
    pair.sent_bytes = 0;
    client.heard.clear();
    // More than a record, in pieces that do not divide it.
    send(&pair, std::vector<std::string>(50, noise(1001)));
    CHECK(client.heard.size() == 50 * 1001);
    CHECK(pair.sent_bytes < 50 * 1001 + 5 * 64);
}

TEST_CASE("close_notify of the client is the end, after what came before it; ours is said once") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const int version : versions) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        pair.shake_hands();
        client.say("last words");
        SSL_shutdown(client.ssl());
        CHECK(pair.give(client.take()) == Step::end);
        CHECK(pair.received == "last words");
        pair.stream->say_close();
        const size_t said = pair.stream->output().size();
        CHECK(said > 0);
        pair.stream->say_close();
        CHECK(pair.stream->output().size() == said);
        pair.hear_output();
        CHECK((SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0);
    }
}

TEST_CASE("a changed byte breaks the stream, and what came before it counts") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const int version : versions) {
        MemoryClient client(version);
        TlsPair pair(context, &client);
        pair.shake_hands();
        client.say("good");
        std::string bytes = client.take();
        client.say("bad");
        std::string wrong = client.take();
        wrong.back() = static_cast<char>(wrong.back() ^ 1);
        CHECK(pair.give(bytes + wrong) == Step::failed);
        CHECK(pair.received == "good");
        CHECK_FALSE(pair.stream->error().empty());
        CHECK(pair.feed("more") == Step::failed);
        char text[] = "x";
        iovec part{text, 1};
        iovec* parts = &part;
        int count = 1;
        CHECK(pair.stream->encrypt(&parts, &count) == 0);
        pair.stream->say_close();
        CHECK(pair.stream->output().empty());
    }
}

TEST_CASE("what is not TLS fails with an alert and with words") {
    TlsFolder folder;
    const auto context = folder.load();
    for (const std::string& garbage :
         {std::string("hello, this is not TLS"), std::string("\x16\x03\x01\xff\xff", 5) + noise(100),
          std::string(100, '\0'), std::string("\x80\x2e\x01\x00\x02", 5) + noise(60), noise(500)}) {
        MemoryClient client;
        TlsPair pair(context, &client);
        CHECK(pair.give(garbage) == Step::failed);
        CHECK_FALSE(pair.stream->established());
        CHECK_FALSE(pair.stream->error().empty());
    }
}

TEST_CASE("a hello in parts waits until it is whole, and is then judged") {
    TlsFolder folder;
    const auto context = folder.load();
    MemoryClient client;
    TlsPair pair(context, &client);
    client.hear({});
    const std::string hello = client.take();
    CHECK(pair.feed(hello.substr(0, 3)) == Step::need_more);
    CHECK(pair.feed(hello.substr(3, 50)) == Step::need_more);
    CHECK(pair.sent_bytes == 0);
    CHECK(pair.give(hello.substr(53)) == Step::need_more);
    CHECK(pair.stream->established());

    TlsPair wrong(context, &client);
    CHECK(wrong.feed(std::string("\x16\x03\x01\x00\x10", 5) + "fifteen bytes..") == Step::need_more);
    CHECK(wrong.feed("x") == Step::failed);
    TlsPair long_one(context, &client);
    CHECK(long_one.feed(std::string("\x16\x03\x01\xff\xff", 5)) == Step::failed);
}

TEST_CASE("a client cannot renegotiate") {
    TlsFolder folder;
    MemoryClient client(TLS1_2_VERSION);
    TlsPair pair(folder.load(), &client);
    pair.shake_hands();
    REQUIRE(SSL_renegotiate(client.ssl()) == 1);
    SSL_do_handshake(client.ssl());
    const std::string hello = client.take();
    REQUIRE_FALSE(hello.empty());
    std::string_view data = hello;
    char* plain = nullptr;
    size_t size = 0;
    CHECK(pair.stream->step(&data, &plain, &size) == Step::need_more);
    const std::string answer(pair.stream->output());
    pair.stream->clear_output();
    CHECK(answer.size() < 64);  // an alert, and no handshake
    BIO_write(SSL_get_rbio(client.ssl()), answer.data(), static_cast<int>(answer.size()));
    ERR_clear_error();
    CHECK(SSL_do_handshake(client.ssl()) != 1);
    CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION);
}

TEST_CASE("streams of one reactor share its buffers and nothing else") {
    TlsFolder folder;
    const auto context = folder.load();
    TlsScratch scratch(64UL * 1024);
    MemoryClient first_client;
    MemoryClient second_client(TLS1_2_VERSION);
    TlsPair first(context, &first_client);
    TlsPair second(context, &second_client);
    first.stream = std::make_unique<TlsStream>(context, &scratch);
    second.stream = std::make_unique<TlsStream>(context, &scratch);
    first_client.hear({});
    second_client.hear({});
    std::string first_bytes = first_client.take();
    std::string second_bytes = second_client.take();
    // Hand in hand, half a flight each.
    for (int round = 0; round < 60; ++round) {
        for (auto* side : {&first, &second}) {
            std::string& bytes = side == &first ? first_bytes : second_bytes;
            const std::string half = bytes.substr(0, bytes.size() / 2 + 1);
            bytes.erase(0, half.size());
            side->feed(half);
            bytes += side->client->take();
        }
    }
    CHECK(first.stream->established());
    CHECK(second.stream->established());
    first_client.say("one");
    second_client.say("two");
    first.give(first_client.take());
    second.give(second_client.take());
    CHECK(first.received == "one");
    CHECK(second.received == "two");
    second.stream.reset();
    send(&first, {"and on"});
    CHECK(first_client.heard == "and on");
    first.stream.reset();  // before its scratch
}

}  // namespace
}  // namespace gatewayd
