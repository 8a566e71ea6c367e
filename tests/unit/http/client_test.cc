// Requests and answers over TCP: what comes of each kind of answer, and of each way in which it can fail.
#include "core/http/client.h"

#include <doctest/doctest.h>

#include "tests/unit/http/asking.h"
#include "tests/unit/http/http_server.h"

namespace gatewayd {
namespace {

using testing::Asked;
using testing::AskedPtr;
using testing::Asking;
using testing::Gate;
using testing::HttpPeer;
using testing::HttpServer;
using testing::request_for;

std::string header(const HttpAnswer& answer, const std::string& name) {
    for (const HttpHeader& one : answer.headers) {
        if (one.name == name) return one.value;
    }
    return {};
}

// A server whose answer to everything are these bytes; then it closes.
HttpServer::Handler says(const std::string& bytes) {
    return [bytes](HttpPeer& peer) {
        if (peer.request()) peer.say(bytes);
    };
}

HttpAnswer answer_of(const std::string& bytes, const std::string& method = "GET") {
    HttpServer server(says(bytes));
    Asking asking;
    return asking.ask(request_for(server.url(), method))->wait();
}

TEST_CASE("a request is sent as it was asked for, and its answer comes whole") {
    std::mutex mutex;
    std::string heard;
    HttpServer server([&](HttpPeer& peer) {
        while (const auto request = peer.request()) {
            {
                const std::lock_guard<std::mutex> lock(mutex);
                heard = *request;
            }
            peer.answer("{\"ok\":true}", "X-Answer: yes\r\nCache-Control: max-age=60\r\n");
        }
    });
    Asking asking;
    HttpRequest request = request_for(server.url("/v1/check?a=b%20c"), "POST", "{\"x\":1}");
    request.headers = {{"Content-Type", "application/json"}, {"X-Twice", "1"}, {"X-Twice", "2"}};
    const HttpAnswer& answer = asking.ask(request)->wait();
    CHECK(answer.outcome == HttpOutcome::ok);
    CHECK(answer.status == 200);
    CHECK(answer.body == "{\"ok\":true}");
    CHECK(header(answer, "X-Answer") == "yes");
    CHECK(header(answer, "Cache-Control") == "max-age=60");
    CHECK(answer.error.empty());
    const std::lock_guard<std::mutex> lock(mutex);
    CHECK(heard ==
          "POST /v1/check?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
              "\r\nContent-Type: application/json\r\nX-Twice: 1\r\nX-Twice: 2\r\nUser-Agent: gatewayd/" +
              GATEWAYD_VERSION + "\r\nContent-Length: 7\r\n\r\n{\"x\":1}");
}

TEST_CASE("answers of every form") {
    CHECK(answer_of("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").status == 404);
    CHECK(answer_of("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n").status == 302);
    CHECK(answer_of("HTTP/1.1 204 No Content\r\n\r\n").status == 204);
    CHECK(answer_of(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nT: "
              "x\r\n\r\n")
              .body == "abcdefgh");
    CHECK(answer_of("HTTP/1.0 200 OK\r\n\r\nuntil the end").body == "until the end");
    CHECK(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").status == 200);
    CHECK(answer_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 "
                    "Created\r\nContent-Length: 1\r\n\r\n!")
              .status == 201);
}

TEST_CASE("what is no whole answer is told from one") {
    const auto error = [](const std::string& bytes) {
        const HttpAnswer answer = answer_of(bytes);
        CHECK(answer.outcome == HttpOutcome::broken);
        CHECK(answer.status == 0);
        CHECK(answer.body.empty());
        return answer.error.substr(answer.error.find("/: ") + 3);
    };
    CHECK(error("") == "the connection was closed without an answer");
    CHECK(error("HTTP/1.1 200 OK\r\nContent-Le") == "the connection was closed in the middle of the answer");
    CHECK(error("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") ==
          "the connection was closed in the middle of the answer");
    CHECK(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab") ==
          "the connection was closed in the middle of the answer");
    CHECK(error("SSH-2.0-OpenSSH_9.2\r\n\r\n").find("the answer is no HTTP") == 0);
    CHECK(error("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").find("the answer is no HTTP") == 0);
    CHECK(error("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
              .find("the answer is no HTTP") == 0);
    CHECK(error("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") == "the answer has the status 101");
    std::string hints;
    for (int i = 0; i < 9; ++i)
        hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
    CHECK(error(hints) == "more than 8 answers of 1xx before the real one");
}

TEST_CASE("an answer that is too large is given up, whether it says its length or not") {
    const auto outcome = [](const std::string& head, const std::string& piece) {
        HttpServer server([&](HttpPeer& peer) {
            if (!peer.request() || !peer.say(head)) return;
            while (peer.say(piece)) {
            }
        });
        Asking asking;
        HttpRequest request = request_for(server.url());
        request.max_response_bytes = 100'000;
        const HttpAnswer answer = asking.ask(request)->wait();
        CHECK(answer.body.empty());
        CHECK(answer.error.find(" is larger than ") != std::string::npos);
        return answer.outcome;
    };
    const std::string kilobyte(1024, 'x');
    CHECK(outcome("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", kilobyte) ==
          HttpOutcome::too_large);
    CHECK(outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n" + kilobyte + "\r\n") ==
          HttpOutcome::too_large);
    CHECK(outcome("HTTP/1.1 200 OK\r\n\r\n", kilobyte) == HttpOutcome::too_large);
    CHECK(outcome("HTTP/1.1 200 OK\r\n", "X-A: " + kilobyte + "\r\n") == HttpOutcome::too_large);
    CHECK(outcome("HTTP/1.1 200 OK\r\nX-A: ", kilobyte) == HttpOutcome::too_large);
}

TEST_CASE("an answer that drips ends at the request's time-out") {
    Gate stop;
    HttpServer server([&](HttpPeer& peer) {
        if (!peer.request() || !peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")) return;
        peer.wait_for_end();
    });
    Asking asking;
    HttpRequest request = request_for(server.url("/slow?token=secret"));
    request.timeout_ms = 50;
    const HttpAnswer answer = asking.ask(request)->wait();
    CHECK(answer.outcome == HttpOutcome::timeout);
    CHECK(answer.error == "GET http://127.0.0.1:" + std::to_string(server.port()) +
                              "/slow: no answer within 50 ms (waiting for the answer)");
    CHECK(asking.client->numbers().idle_connections == 0);  // what comes later is nobody's answer
}

TEST_CASE("a server that answers before it has read the request, and closes") {
    HttpServer server([](HttpPeer& peer) {
        peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        peer.wait_for_end();
    });
    Asking asking;
    HttpRequest request = request_for(server.url(), "POST", std::string(8'000'000, 'x'));
    CHECK(asking.ask(request)->wait().status == 413);
}

TEST_CASE("nobody listens, nobody has that name") {
    uint16_t port;
    {
        HttpServer server(says(""));
        port = server.port();
    }
    Asking asking;
    const HttpAnswer refused = asking.get("http://127.0.0.1:" + std::to_string(port) + "/")->wait();
    CHECK(refused.outcome == HttpOutcome::connect);
    CHECK(refused.error.find("no connection: Connection refused") != std::string::npos);

    HttpClientOptions options;
    options.look_up = [](const std::string&, std::string* error) {
        *error = "Name or service not known";
        return HttpResolver::Addresses();
    };
    Asking lost(std::move(options));
    const HttpAnswer unknown = lost.get("http://nowhere.invalid/")->wait();
    CHECK(unknown.outcome == HttpOutcome::resolve);
    CHECK(unknown.error == "GET http://nowhere.invalid/: the name is not known: Name or service not known");
}

TEST_CASE("the system's resolver knows localhost") {
    HttpServer server(testing::always("here"));
    HttpClient client({});
    Asked asked;
    const std::atomic<bool> over{false};
    HttpRequest request = request_for(server.url("/", "localhost"));
    CHECK(complete_http_request(&request).empty());
    REQUIRE(client.submit({&client, "tester", &over}, client.new_id(), request,
                          [&](const HttpAnswer& answer) { asked.take(answer); }) == HttpService::Taken::yes);
    CHECK(asked.wait().body == "here");
}

TEST_CASE("an address that does not answer is passed over") {
    HttpServer server(testing::always("second"));
    HttpClientOptions options;
    std::atomic<int> look_ups{0};
    options.look_up = [&](const std::string&, std::string*) {
        ++look_ups;
        return HttpResolver::Addresses{boost::asio::ip::make_address("127.0.0.2"),  // where nobody listens
                                       boost::asio::ip::make_address("127.0.0.1")};
    };
    Asking asking(std::move(options));
    CHECK(asking.get(server.url("/", "two.example"))->wait().body == "second");
    CHECK(asking.get(server.url("/", "two.example"))->wait().body == "second");
    CHECK(look_ups == 1);
}

TEST_CASE("a look-up that never ends costs its requests their connect time-out, and nobody else anything") {
    HttpServer server(testing::always("fine"));
    const auto stuck = std::make_shared<Gate>();
    HttpClientOptions options;
    options.look_up = [stuck](const std::string& host, std::string*) -> HttpResolver::Addresses {
        if (host == "stuck.example") stuck->pass();
        return {boost::asio::ip::make_address("127.0.0.1")};
    };
    {
        Asking asking(std::move(options));
        HttpRequest request = request_for("http://stuck.example/");
        request.connect_timeout_ms = 30;
        const AskedPtr first = asking.ask(request);
        const AskedPtr second = asking.ask(request);
        CHECK(first->wait().outcome == HttpOutcome::timeout);
        CHECK(second->wait().error ==
              "GET http://stuck.example/: no connection within 30 ms (looking up its name)");
        CHECK(stuck->arrived() == 1);  // one look-up for all
        CHECK(asking.get(server.url("/", "fine.example"))->wait().body == "fine");
    }  // the client goes while it is looked up
    stuck->open();
}

TEST_CASE("a server that does not shake hands costs the connect time-out") {
    HttpServer server([](HttpPeer& peer) { peer.wait_for_end(); });
    Asking asking;
    HttpRequest request = request_for("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    request.connect_timeout_ms = 30;
    const HttpAnswer answer = asking.ask(request)->wait();
    CHECK(answer.outcome == HttpOutcome::timeout);
    CHECK(answer.error.find("(in the TLS handshake)") != std::string::npos);
}

TEST_CASE("outcomes are counted by plugin") {
    HttpServer server(testing::always("x"));
    Asking asking;
    CHECK(asking.client->numbers().plugins.empty());
    asking.get(server.url())->wait();
    asking.get("http://127.0.0.1:1/")->wait();
    CHECK(asking.numbers().plugin == "tester");
    CHECK(asking.ended(HttpOutcome::ok) == 1);
    CHECK(asking.ended(HttpOutcome::connect) == 1);
}

}  // namespace
}  // namespace gatewayd
