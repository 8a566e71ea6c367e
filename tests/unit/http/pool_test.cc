// Connections: kept, shared, limited, and dead ones found out.
#include "core/http/pool.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/unit/http/asking.h"
#include "tests/unit/http/http_server.h"

namespace gatewayd {
namespace {

using testing::always;
using testing::AskedPtr;
using testing::Asking;
using testing::Gate;
using testing::HttpPeer;
using testing::HttpServer;
using testing::request_for;

TEST_CASE("a connection is used again") {
    HttpServer server(always("x"));
    Asking asking;
    for (int i = 0; i < 20; ++i)
        REQUIRE(asking.get(server.url("/" + std::to_string(i)))->wait().body == "x");
    CHECK(server.accepted() == 1);
}

TEST_CASE("not after an answer that says so, or that has more behind it than it says") {
    for (const char* bytes : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                              "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
                              "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n"}) {
        CAPTURE(bytes);
        HttpServer server([&](HttpPeer& peer) {
            while (peer.request())
                peer.say(bytes);
        });
        Asking asking;
        for (int i = 1; i <= 3; ++i) {
            CHECK(asking.get(server.url())->wait().body == "x");
            CHECK(server.accepted() == i);
        }
    }
}

TEST_CASE("a server that closes after each answer costs a connection each, and no request") {
    HttpServer server([](HttpPeer& peer) {
        if (peer.request()) peer.answer("once");
    });
    Asking asking;
    for (int i = 0; i < 50; ++i) {
        const bool post = i % 2 != 0;
        HttpRequest request = request_for(server.url(), post ? "POST" : "GET", post ? "x" : "");
        request.repeatable = post;  // its end may not be known yet when the next one is sent
        REQUIRE(asking.ask(request)->wait().body == "once");
    }
    CHECK(server.accepted() == 50);
}

// On the first connection the second request is read and never answered, as when the server's idle time-out
// and the request cross.
HttpServer::Handler drops_second_request() {
    return [](HttpPeer& peer) {
        for (int i = 0; peer.request(); ++i) {
            if (peer.number == 1 && i == 1) return;
            peer.answer(std::to_string(peer.number));
        }
    };
}

TEST_CASE("a kept connection that was dead: what may be repeated is, once, on a new connection") {
    for (const char* method : {"GET", "PUT", "DELETE"}) {
        HttpServer server(drops_second_request());
        Asking asking;
        CHECK(asking.get(server.url())->wait().body == "1");
        CHECK(asking.ask(request_for(server.url(), method))->wait().body == "2");
        CHECK(server.accepted() == 2);
    }
    HttpServer server(drops_second_request());
    Asking asking;
    CHECK(asking.get(server.url())->wait().body == "1");
    CHECK(asking.ask(request_for(server.url(), "POST", "x"))->wait().outcome == HttpOutcome::broken);
    CHECK(server.accepted() == 1);

    HttpServer another(drops_second_request());
    CHECK(asking.get(another.url())->wait().body == "1");
    HttpRequest repeatable = request_for(another.url(), "POST", "x");
    repeatable.repeatable = true;
    CHECK(asking.ask(repeatable)->wait().body == "2");
}

TEST_CASE("a new connection that fails is not tried again, nor one that has begun to answer") {
    HttpServer closes([](HttpPeer& peer) { peer.request(); });
    Asking asking;
    CHECK(asking.get(closes.url())->wait().outcome == HttpOutcome::broken);
    CHECK(closes.accepted() == 1);

    HttpServer halves([](HttpPeer& peer) {
        for (int i = 0; peer.request(); ++i) {
            if (i == 1) {
                peer.say("HTTP/1.1 200 OK\r\nConte");
                return;
            }
            peer.answer("x");
        }
    });
    CHECK(asking.get(halves.url())->wait().body == "x");
    CHECK(asking.get(halves.url())->wait().outcome == HttpOutcome::broken);
    CHECK(halves.accepted() == 1);
}

TEST_CASE("a thousand requests at once share the connections that there may be") {
    HttpServer server([](HttpPeer& peer) {
        while (const auto request = peer.request()) {
            const size_t begin = request->find('/');
            if (!peer.answer(request->substr(begin, request->find(' ', begin) - begin))) return;
        }
    });
    HttpClientOptions options;
    options.max_connections_per_origin = 16;
    Asking asking(std::move(options));
    std::vector<AskedPtr> all;
    for (int i = 0; i < 1000; ++i)
        all.push_back(asking.get(server.url("/" + std::to_string(i))));
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(all[static_cast<size_t>(i)]->wait().body == "/" + std::to_string(i));
        CHECK(all[static_cast<size_t>(i)]->times() == 1);
    }
    CHECK(server.accepted() <= 16);
    CHECK(asking.ended(HttpOutcome::ok) == 1000);
}

TEST_CASE("an origin without a connection gets one although another could use them all") {
    Gate gate;
    HttpServer busy([&](HttpPeer& peer) {
        while (peer.request()) {
            gate.pass();
            peer.answer("busy");
        }
    });
    HttpServer other(always("other"));
    HttpClientOptions options;
    options.max_connections = 2;
    options.max_connections_per_origin = 2;
    Asking asking(std::move(options));
    std::vector<AskedPtr> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(asking.get(busy.url()));
    gate.wait_for(2);
    std::vector<AskedPtr> others;
    for (int i = 0; i < 5; ++i)
        others.push_back(asking.get(other.url()));
    gate.open();
    for (const AskedPtr& one : others)
        CHECK(one->wait().body == "other");
    for (const AskedPtr& one : all)
        CHECK(one->wait().body == "busy");
}

TEST_CASE("an idle connection makes room for another origin") {
    HttpServer first(always("1"));
    HttpServer second(always("2"));
    HttpClientOptions options;
    options.max_connections = 1;
    Asking asking(std::move(options));
    for (int i = 1; i <= 3; ++i) {
        CHECK(asking.get(first.url())->wait().body == "1");
        CHECK(asking.get(second.url())->wait().body == "2");
    }
    CHECK(first.accepted() == 3);
    CHECK(second.accepted() == 3);
}

}  // namespace
}  // namespace gatewayd
