// Single values that their checks refuse, and values that contradict each other.
#include "core/config/cross_checks.h"

#include "tests/unit/config/loading.h"

namespace gatewayd {
namespace {

using testing::ConfigFolder;
using testing::contains;
using testing::error_of;
using testing::errors_of;
using testing::joined;
using testing::loaded;

std::vector<std::string> warnings_of(const std::string& yaml) {
    LoadResult result = ConfigFolder().load(yaml);
    REQUIRE_MESSAGE(result.ok(), joined(result.errors));
    return result.warnings;
}

TEST_CASE("client_timeout must exceed heartbeat_interval") {
    CHECK(contains(error_of("wsc:\n  heartbeat_interval: 30\n  client_timeout: 30\n"),
                   "gateway.yaml:3:19: wsc.client_timeout: is 30 s; it must be larger than "
                   "wsc.heartbeat_interval (30 s)"));
    // Only one of the two is written: that is the place.
    CHECK(contains(error_of("wsc:\n  heartbeat_interval: 100\n"),
                   "gateway.yaml:2:23: wsc.client_timeout: is 90 s"));
    CHECK(loaded("wsc: { heartbeat_interval: 30, client_timeout: 31 }").wsc.client_timeout_s == 31);
}

TEST_CASE("keys of compression need enable_compression") {
    CHECK(loaded("wsc: { performance: { enable_compression: true } }").wsc.performance.enable_compression);
    for (const std::string key :
         {"compression_threshold: 0", "compression_level: 9", "compression_context_takeover: true",
          "compression_window_bits: 9", "max_compression_memory: 1"}) {
        CAPTURE(key);
        const auto warnings = warnings_of("wsc: { performance: { " + key + " } }");
        REQUIRE(warnings.size() == 1);
        CHECK(contains(warnings[0], "gateway.yaml:1:"));
        CHECK(contains(warnings[0], "has no effect: wsc.performance.enable_compression is false"));
        CHECK(warnings_of("wsc: { performance: { enable_compression: true, " + key + " } }").empty());
    }
    CHECK(warnings_of("wsc: { performance: { compression_level: 1 } }").empty());
}

TEST_CASE("a slow-client policy that drops messages and context takeover") {
    const std::string both =
        "wsc: { performance: { enable_compression: true, compression_context_takeover: true, slow_client: ";
    const auto warnings = warnings_of(both + "drop_oldest } }");
    REQUIRE(warnings.size() == 1);
    CHECK(contains(warnings[0], "compression_context_takeover: holds for what clients send alone"));
    CHECK(warnings_of(both + "disconnect } }").empty());
}

TEST_CASE("the ranges of compression's keys") {
    for (const std::string key :
         {"compression_level: 0", "compression_level: 10", "compression_window_bits: 8",
          "compression_window_bits: 16", "compression_threshold: -1", "max_compression_memory: 0"}) {
        CAPTURE(key);
        CHECK(contains(error_of("wsc: { performance: { " + key + " } }"), "expected a whole number"));
    }
}

TEST_CASE("node_ip is an IP address") {
    CHECK(error_of("wsc: { node_ip: localhost }") ==
          "gateway.yaml:1:17: wsc.node_ip: expected an IP address such as 0.0.0.0 or ::, not \"localhost\"");
    CHECK(loaded("wsc: { node_ip: \"::1\" }").wsc.node_ip == "::1");
}

TEST_CASE("trusted proxies are networks, and what is said of them has a reason") {
    CHECK(
        error_of("wsc:\n  trusted_proxies: [127.0.0.1, \"10.0.0.1/8\"]\n") ==
        "gateway.yaml:2:32: wsc.trusted_proxies[1]: \"10.0.0.1/8\": the address has bits behind the first 8; "
        "write 10.0.0.0/8");
    CHECK(contains(error_of("wsc: { trusted_proxies: [proxy.local] }"),
                   "gateway.yaml:1:26: wsc.trusted_proxies[0]: \"proxy.local\": expected an IP address or a "
                   "network such as 10.0.0.0/8"));
    CHECK(contains(error_of("wsc: { proxy_header: x-real-ip }"),
                   "x-forwarded-for, forwarded or proxy-protocol"));
    std::string many = "wsc: { trusted_proxies: [";
    for (int i = 0; i < 257; ++i)
        many += "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ", ";
    CHECK(contains(error_of(many + "] }"), "wsc.trusted_proxies: has 257 entries; there may be 256"));

    const Settings settings =
        loaded("wsc: { trusted_proxies: [127.0.0.1, \"2001:db8::/32\"], proxy_header: proxy-protocol }");
    CHECK(settings.wsc.trusted_proxies == std::vector<std::string>{"127.0.0.1", "2001:db8::/32"});
    CHECK(settings.wsc.proxy_header == ProxyHeader::proxy_protocol);
    CHECK(loaded("").wsc.proxy_header == ProxyHeader::x_forwarded_for);

    for (const char* all : {"0.0.0.0/0", "::/0"}) {
        const auto warnings = warnings_of("wsc: { trusted_proxies: [\"" + std::string(all) + "\"] }");
        REQUIRE(warnings.size() == 1);
        CHECK(contains(warnings[0], std::string(all) + " trusts everyone"));
    }
    const auto warnings = warnings_of("wsc: { proxy_header: forwarded }");
    REQUIRE(warnings.size() == 1);
    CHECK(contains(warnings[0], "wsc.proxy_header: has no effect: wsc.trusted_proxies is empty"));
}

TEST_CASE("paths") {
    CHECK(loaded("wsc: { path: / }").wsc.path == "/");
    for (const std::string& path :
         std::vector<std::string>{"ws", "\"\"", "\"/a?b\"", "\"/a#b\"", "\"/a b\"", "/ä"}) {
        CAPTURE(path);
        CHECK(contains(error_of(std::string("wsc: { path: ") + path + " }"), "expected a path such as /ws"));
    }
    CHECK(contains(error_of("wsc: { path: /" + std::string(256, 'a') + " }"), "at most 256 bytes"));
}

TEST_CASE("origins") {
    CHECK(error_of("wsc: { websocket_origins: [\"https://a.example\", \"b.example\"] }") ==
          "gateway.yaml:1:49: wsc.websocket_origins[1]: expected \"*\", scheme://host, scheme://host:port or "
          "scheme://*.domain");
    CHECK(error_of("wsc: { websocket_origins: [\"*\", \"*\"] }") ==
          "gateway.yaml:1:33: wsc.websocket_origins[1]: is in the list twice");
}

TEST_CASE("user types") {
    CHECK(error_of("wsc: { security: { allowed_user_types: [] } }") ==
          "gateway.yaml:1:40: wsc.security.allowed_user_types: is empty: no client could connect");
    CHECK(error_of("wsc: { security: { broadcast_user_types: [agent, boss] } }") ==
          "gateway.yaml:1:42: wsc.security.broadcast_user_types: boss is not in "
          "wsc.security.allowed_user_types");
    CHECK(contains(error_of("wsc: { security: { allowed_user_types: [\"a b\"] } }"), "expected a user type"));
    // The default follows what is allowed.
    const Settings settings = loaded("wsc: { security: { allowed_user_types: [customer, agent] } }");
    CHECK(settings.wsc.security.broadcast_user_types == std::vector<std::string>{"agent"});
    CHECK(
        loaded("wsc: { security: { broadcast_user_types: [] } }").wsc.security.broadcast_user_types.empty());
}

TEST_CASE("sizes that cannot work together") {
    CHECK(contains(error_of("wsc: { performance: { read_buffer_size: 2048, max_inbound_memory: 1 } }"),
                   "wsc.performance.read_buffer_size: is 2048 KB; wsc.performance.max_inbound_memory (1 MB) "
                   "is too small"));
    CHECK(contains(
        error_of("wsc: { performance: { max_inbound_memory: 1 }, security: { max_message_size: 1025 } }"),
        "wsc.security.max_message_size: is 1025 KB; wsc.performance.max_inbound_memory (1 MB) is too small"));
    CHECK(contains(
        warnings_of("wsc: { performance: { max_queue_size: 512 } }").at(0),
        "gateway.yaml:1:39: wsc.performance.max_queue_size: is smaller than wsc.security.max_message_size"));
    CHECK(warnings_of("").empty());
}

TEST_CASE("admin.listen off loopback needs a key") {
    for (const std::string& listen :
         std::vector<std::string>{"0.0.0.0:8082", "\"[::]:8082\"", "192.0.2.1:8082"}) {
        CAPTURE(listen);
        const std::string error = error_of(std::string("admin: { listen: ") + listen + " }");
        CHECK(contains(error, "gateway.yaml:1:18: admin.listen: "));
        CHECK(contains(error, "admin.api_keys is empty; give a key or listen on 127.0.0.1"));
        CHECK(errors_of(std::string("admin: { api_keys: [0123456789abcdef], listen: ") + listen + " }")
                  .empty());
    }
    for (const std::string& listen :
         std::vector<std::string>{"127.0.0.1:8082", "127.0.0.9:1", "\"[::1]:8082\""}) {
        CAPTURE(listen);
        CHECK(errors_of(std::string("admin: { listen: ") + listen + " }").empty());
    }
}

TEST_CASE("admin.listen is an address and a port") {
    for (const std::string& listen : std::vector<std::string>{"8082", "localhost:8082", ":8082", "127.0.0.1",
                                                              "true", "127.0.0.1:99999"}) {
        CAPTURE(listen);
        CHECK(contains(error_of(std::string("admin: { listen: \"") + listen + "\" }"),
                       "admin.listen: expected IP:PORT such as 127.0.0.1:8082 or [::1]:8082, or false"));
    }
    CHECK(contains(error_of("admin: { listen: true }"), "expected IP:PORT"));
    CHECK(contains(error_of("admin: { listen: }"), "admin.listen: expected text, not nothing"));
}

TEST_CASE("the two listeners need ports of their own") {
    CHECK(contains(error_of("admin: { listen: 127.0.0.1:8081 }"), "port 8081 is wsc.node_port"));
    CHECK(contains(error_of("wsc: { node_port: 8082 }"),
                   "gateway.yaml:1:19: admin.listen: port 8082 is wsc.node_port"));
    CHECK(errors_of("wsc: { node_ip: 127.0.0.2 }\nadmin: { listen: 127.0.0.1:8081 }").empty());
    CHECK(errors_of("wsc: { enabled: false }\nadmin: { listen: 127.0.0.1:8081 }").empty());
    CHECK(errors_of("wsc: { node_port: 0 }\nadmin: { listen: 127.0.0.1:0 }").empty());
}

TEST_CASE("API keys are long enough, and never repeated in a message") {
    CHECK(error_of("admin: { api_keys: [hunter2] }") ==
          "gateway.yaml:1:21: admin.api_keys[0]: an API key has at least 16 characters");
    const std::string spaced = error_of("admin: { api_keys: [\"hunter2 hunter2 hunter2\"] }");
    CHECK(contains(spaced, "an API key is visible ASCII without spaces"));
    for (const std::string& yaml : std::vector<std::string>{
             "admin: { api_keys: hunter2hunter2hunter2 }", "admin: { api_keys: [[hunter2hunter2]] }",
             "admin: { api_keys: [hunter2] }", "wsc: { security: { auth: { keys: hunter2 } } }"}) {
        CAPTURE(yaml);
        CHECK_FALSE(contains(error_of(yaml), "hunter2"));
    }
    CHECK(
        contains(error_of("admin: { api_keys: [" + std::string(513, 'k') + "] }"), "at most 512 characters"));
}

TEST_CASE("a refused key of an address off loopback is one error, not two") {
    CHECK(contains(error_of("admin: { listen: 0.0.0.0:1, api_keys: [short] }"), "at least 16 characters"));
}

TEST_CASE("keys without effect are warned of") {
    CHECK(contains(warnings_of("wsc: { security: { auth: { keys: [x] } } }").at(0),
                   "wsc.security.auth.keys: has no effect: wsc.security.enable_auth is false"));
    CHECK(contains(warnings_of("admin: { listen: false, api_keys: [0123456789abcdef] }").at(0),
                   "admin.api_keys: has no effect: admin.listen is off"));
    CHECK(contains(warnings_of("wsc: { path: /$HOME }").at(0),
                   "gateway.yaml:1:14: wsc.path: $HOME is not expanded"));
}

}  // namespace
}  // namespace gatewayd
