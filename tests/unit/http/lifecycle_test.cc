// done() exactly once, whatever ends a request; limits; and what forget() promises.
#include <doctest/doctest.h>

#include <future>

#include "core/http/client.h"
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
using Taken = HttpService::Taken;

// Reads requests and never answers.
HttpServer::Handler silent(Gate* gate) {
    return [gate](HttpPeer& peer) {
        while (peer.request())
            gate->arrive();
    };
}

TEST_CASE("a cancelled request ends at once, whatever it waits for") {
    Gate gate;
    HttpServer server(silent(&gate));
    HttpClientOptions options;
    options.max_connections_per_origin = 1;
    Asking asking(std::move(options));
    const AskedPtr sent = asking.get(server.url("/sent?x=secret"));
    const AskedPtr waits = asking.get(server.url("/waits"));
    gate.wait_for(1);
    CHECK_FALSE(asking.client->cancel(&server, sent->id));  // another instance's
    CHECK(asking.client->cancel(&asking, waits->id));
    CHECK(waits->wait().outcome == HttpOutcome::cancelled);
    CHECK(asking.client->cancel(&asking, sent->id));
    CHECK(sent->wait().outcome == HttpOutcome::cancelled);
    CHECK(sent->wait().error.find("secret") == std::string::npos);
    CHECK_FALSE(asking.client->cancel(&asking, sent->id));
    CHECK_FALSE(asking.client->cancel(&asking, 12345));
    CHECK(sent->times() == 1);
    CHECK(waits->times() == 1);
}

TEST_CASE("forget() cancels what its instance asked for, and nothing of others") {
    Gate gate;
    Gate answering;
    HttpServer server([&](HttpPeer& peer) {
        while (peer.request()) {
            gate.arrive();
            answering.pass();
            peer.answer("late");
        }
    });
    Asking asking;
    const int other = 0;
    std::vector<AskedPtr> gone;
    std::vector<AskedPtr> stay;
    for (int i = 0; i < 10; ++i) {
        gone.push_back(asking.ask(request_for(server.url())));
        stay.push_back(asking.ask_as(&other, request_for(server.url())));
    }
    gate.wait_for(20);
    asking.over = true;
    asking.client->forget(&asking);
    for (const AskedPtr& one : gone) {
        CHECK(one->times() == 1);  // before forget() returned
        CHECK(one->wait().outcome == HttpOutcome::cancelled);
    }
    CHECK(asking.get(server.url())->taken == Taken::over);
    answering.open();
    for (const AskedPtr& one : stay)
        CHECK(one->wait().body == "late");
    asking.client->forget(&asking);  // has nothing any more
}

TEST_CASE("forget() waits for a done function that runs") {
    HttpServer server(always("x"));
    Asking asking;
    Gate running;
    Gate go_on;
    std::atomic<bool> returned{false};
    HttpRequest request = request_for(server.url());
    REQUIRE(complete_http_request(&request).empty());
    asking.client->submit({&asking, "tester", &asking.over}, asking.client->new_id(), request,
                          [&](const HttpAnswer&) {
                              running.arrive();
                              go_on.pass();
                              returned = true;
                          });
    running.wait_for(1);
    auto forgotten = std::async(std::launch::async, [&] {
        asking.client->forget(&asking);
        return returned.load();
    });
    go_on.wait_for(1);
    go_on.open();
    CHECK(forgotten.get());
}

TEST_CASE("requests made and forgotten on many threads: each done once") {
    HttpServer server(always("x"));
    HttpClientOptions options;
    options.max_connections_per_origin = 4;
    Asking asking(std::move(options));
    std::vector<std::thread> threads;
    std::atomic<int> taken{0};
    std::atomic<int> done{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int generation = 0; generation < 20; ++generation) {
                int instance = 0;
                std::atomic<bool> over{false};
                std::atomic<int> its_done{0};
                int its_taken = 0;
                for (int i = 0; i < 10; ++i) {
                    HttpRequest request = request_for(server.url());
                    static_cast<void>(complete_http_request(&request));
                    const uint64_t id = asking.client->new_id();
                    const Taken result = asking.client->submit({&instance, "tester", &over}, id, request,
                                                               [&](const HttpAnswer&) {
                                                                   ++its_done;
                                                                   ++done;
                                                               });
                    if (result == Taken::yes) ++its_taken;
                    if (i % 3 == 0) asking.client->cancel(&instance, id);
                }
                taken += its_taken;
                over = true;
                asking.client->forget(&instance);
                if (its_done != its_taken) done = -1'000'000;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(taken == 800);
    CHECK(done == 800);
    CHECK(asking.numbers().in_flight == 0);
}

TEST_CASE("done() may ask again, and cancel") {
    HttpServer server(always("x"));
    Asking asking;
    AskedPtr second;
    Gate asked;
    HttpRequest request = request_for(server.url());
    REQUIRE(complete_http_request(&request).empty());
    const uint64_t id = asking.client->new_id();
    asking.client->submit({&asking, "tester", &asking.over}, id, request, [&](const HttpAnswer&) {
        CHECK_FALSE(asking.client->cancel(&asking, id));  // it is over
        second = asking.get(server.url());
        asking.client->cancel(&asking, second->id);
        asked.arrive();
    });
    asked.wait_for(1);
    CHECK(second->wait().outcome == HttpOutcome::cancelled);
}

TEST_CASE("a client that goes ends all that it was asked for") {
    Gate gate;
    HttpServer server(silent(&gate));
    AskedPtr asked;
    {
        Asking asking;
        asked = asking.get(server.url());
        gate.wait_for(1);
    }
    CHECK(asked->times() == 1);
    CHECK(asked->wait().outcome == HttpOutcome::cancelled);
}

TEST_CASE("limits: of one plugin, of memory, of an answer that fits and finds no room") {
    Gate gate;
    HttpServer server(silent(&gate));
    HttpClientOptions options;
    options.max_requests_per_plugin = 3;
    options.max_memory_bytes = 1'000'000;
    Asking asking(std::move(options));
    for (int i = 0; i < 3; ++i)
        CHECK(asking.get(server.url())->taken == Taken::yes);
    const AskedPtr fourth = asking.get(server.url());
    CHECK(fourth->taken == Taken::caller_limit);
    CHECK(fourth->times() == 0);
    CHECK(asking.numbers().refused == 1);
    CHECK(asking.numbers().in_flight == 3);
    const int other = 0;
    CHECK(asking.ask_as(&other, request_for(server.url(), "POST", std::string(1'000'000, 'x')))->taken ==
          Taken::memory_limit);
    asking.client->forget(&asking);

    HttpServer generous(always(std::string(990'000, 'y')));
    const AskedPtr fits = asking.ask_as(&other, request_for(generous.url()));
    CHECK(fits->wait().body.size() == 990'000);
    // What was held is given back when an exchange goes, soon after its done().
    AskedPtr big;
    do {
        big = asking.ask_as(&other, request_for(server.url(), "POST", std::string(500'000, 'x')));
    } while (big->taken == Taken::memory_limit);
    const HttpAnswer no_room = asking.ask_as(&other, request_for(generous.url()))->wait();
    CHECK(no_room.outcome == HttpOutcome::limit);
    CHECK(no_room.error.find("plugins.http.max_memory") != std::string::npos);
    asking.client->cancel(&other, big->id);
    big->wait();
    AskedPtr again;
    do {
        again = asking.ask_as(&other, request_for(generous.url()));
        again->wait();
    } while (again->wait().outcome == HttpOutcome::limit);
    CHECK(again->wait().body.size() == 990'000);
}

}  // namespace
}  // namespace gatewayd
