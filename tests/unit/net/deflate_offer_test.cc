// RFC 7692 section 7.1 as a table: what is offered, what is answered.
#include "core/net/deflate_offer.h"

#include <doctest/doctest.h>

#include <string>

namespace gatewayd {
namespace {

const std::string none = "none";

std::string answer_to(const std::string& header, const DeflatePolicy& policy = {}) {
    std::vector<ExtensionOffer> offers;
    REQUIRE(parse_extension_offers(header, &offers));
    const auto chosen = choose_deflate(offers, policy);
    if (!chosen) return none;
    CHECK(chosen->server_window_bits >= 8);
    CHECK(chosen->server_window_bits <= policy.window_bits);
    CHECK(chosen->client_window_bits >= 8);
    return chosen->answer;
}

struct Row {
    const char* offered;
    std::string answer;
};

void check(const DeflatePolicy& policy, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        CAPTURE(row.offered);
        CHECK(answer_to(row.offered, policy) == row.answer);
    }
}

TEST_CASE("without context takeover, the default") {
    const std::string plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    check({},
          {
              {"permessage-deflate", plain},
              {"permessage-deflate; client_max_window_bits", plain},  // what browsers send
              {"permessage-deflate; client_max_window_bits=10", plain},
              {"permessage-deflate; server_no_context_takeover", plain},
              {"permessage-deflate; client_no_context_takeover", plain},
              {" permessage-deflate ;server_no_context_takeover;\tclient_no_context_takeover ", plain},
              {"permessage-deflate; server_max_window_bits=15", plain + "; server_max_window_bits=15"},
              {"permessage-deflate; server_max_window_bits=8", plain + "; server_max_window_bits=8"},
              {"permessage-deflate; server_max_window_bits=\"12\"", plain + "; server_max_window_bits=12"},
              {"permessage-deflate; server_max_window_bits=\"1\\2\"", plain + "; server_max_window_bits=12"},
          });
}

TEST_CASE("with context takeover on both sides, as far as the client agrees") {
    const DeflatePolicy policy{true, true, 15};
    check(policy, {
                      {"permessage-deflate", "permessage-deflate"},
                      {"permessage-deflate; client_max_window_bits", "permessage-deflate"},
                      {"permessage-deflate; client_max_window_bits=15", "permessage-deflate"},
                      {"permessage-deflate; client_max_window_bits=9",
                       "permessage-deflate; client_max_window_bits=9"},
                      {"permessage-deflate; server_no_context_takeover",
                       "permessage-deflate; server_no_context_takeover"},
                      {"permessage-deflate; client_no_context_takeover; client_max_window_bits=9",
                       "permessage-deflate; client_no_context_takeover"},
                      {"permessage-deflate; server_max_window_bits=10; client_max_window_bits=11",
                       "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"},
                  });
    // A smaller window of ours: only whoever can be told is told.
    check(
        {true, true, 11},
        {
            {"permessage-deflate", "permessage-deflate"},
            {"permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=11"},
            {"permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=8"},
            {"permessage-deflate; server_max_window_bits=14",
             "permessage-deflate; server_max_window_bits=11"},
            {"permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"},
        });
    check({false, true, 15}, {{"permessage-deflate", "permessage-deflate; server_no_context_takeover"}});
}

TEST_CASE("what has been agreed to is what is kept to") {
    std::vector<ExtensionOffer> offers;
    REQUIRE(parse_extension_offers("permessage-deflate; server_max_window_bits=9", &offers));
    auto chosen = choose_deflate(offers, {true, true, 12});
    CHECK(chosen->server_keeps_context);
    CHECK(chosen->client_keeps_context);
    CHECK(chosen->server_window_bits == 9);
    CHECK(chosen->client_window_bits == 15);  // it could not be told otherwise
    chosen = choose_deflate(offers, {});
    CHECK_FALSE(chosen->server_keeps_context);
    CHECK_FALSE(chosen->client_keeps_context);
}

TEST_CASE("an offer that cannot be accepted is declined, and the next one is looked at") {
    for (const char* bad : {"permessage-deflate; server_no_context_takeover=1",
                            "permessage-deflate; client_no_context_takeover=x",
                            "permessage-deflate; server_max_window_bits",
                            "permessage-deflate; server_max_window_bits=7",
                            "permessage-deflate; server_max_window_bits=16",
                            "permessage-deflate; server_max_window_bits=08",
                            "permessage-deflate; server_max_window_bits=+9",
                            "permessage-deflate; server_max_window_bits=1e1",
                            "permessage-deflate; server_max_window_bits=100",
                            "permessage-deflate; client_max_window_bits=7",
                            "permessage-deflate; client_max_window_bits=16",
                            "permessage-deflate; client_max_window_bits=010",
                            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                            "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
                            "permessage-deflate; client_max_window_bits; client_max_window_bits",
                            "permessage-deflate; max_window_bits=9",
                            "permessage-deflate; x",
                            "permessage-bzip2",
                            "x-webkit-deflate-frame",
                            "Permessage-Deflate"}) {
        CAPTURE(bad);
        CHECK(answer_to(bad) == none);
        CHECK(answer_to(std::string(bad) + ", permessage-deflate; server_max_window_bits=10") ==
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
              "server_max_window_bits=10");
    }
    CHECK(answer_to("") == none);
    CHECK(answer_to(" , ,") == none);
    // The first that can be accepted counts, not the best.
    CHECK(answer_to("foo; a=b, permessage-deflate; server_max_window_bits=8, permessage-deflate") ==
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=8");
}

TEST_CASE("a header that breaks its grammar is said to") {
    for (const char* bad :
         {";", "=", "a;", "a; ;b", "a; b=", "a; =b", "a b", "a; b=c d", "a; b=\"c", "a; b=\"c\\", "a; b=\"\"",
          "a; b=\"c d\"", "a; b=\"c\"d", "\"a\"", "a, b; c=(", "a/b", "a; b=c=d", "\xc3\xa4"}) {
        CAPTURE(bad);
        std::vector<ExtensionOffer> offers;
        CHECK_FALSE(parse_extension_offers(bad, &offers));
    }
    std::vector<ExtensionOffer> offers;
    REQUIRE(parse_extension_offers(", a;b ; c=d;e=\"f\" ,, g,", &offers));
    REQUIRE(offers.size() == 2);
    CHECK(offers[0].name == "a");
    REQUIRE(offers[0].parameters.size() == 3);
    CHECK(offers[0].parameters[0].first == "b");
    CHECK_FALSE(offers[0].parameters[0].second);
    CHECK(offers[0].parameters[1].second == "d");
    CHECK(offers[0].parameters[2].second == "f");
    CHECK(offers[1].name == "g");
}

}  // namespace
}  // namespace gatewayd
