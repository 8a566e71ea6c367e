#include "core/config/suggest.h"

#include <doctest/doctest.h>

namespace gatewayd::config {
namespace {

TEST_CASE("edit distance") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("node_prot", "node_port") == 1);
    CHECK(edit_distance("Node-Port", "node_port") == 0);
    CHECK(edit_distance(std::string(100000, 'a'), std::string(100000, 'b')) == 64);
}

TEST_CASE("the nearest word, when one is near") {
    const std::vector<std::string> keys{"node_ip", "node_port", "path", "client_timeout"};
    CHECK(nearest("node_prt", keys) == "node_port");
    CHECK(nearest("nodeport", keys) == "node_port");
    CHECK(nearest("ip", keys) == "node_ip");
    CHECK(nearest("timeout", keys) == "client_timeout");
    CHECK(nearest("paths", keys) == "path");
    CHECK(nearest("clienttimeout", keys) == "client_timeout");
    CHECK(nearest("colour", keys).empty());
    CHECK(nearest("", keys).empty());
    CHECK(nearest("x", {"a", "b"}).empty());
    CHECK(nearest("anything", {}).empty());
}

}  // namespace
}  // namespace gatewayd::config
