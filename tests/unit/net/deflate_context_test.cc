#include "core/net/deflate_context.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace gatewayd {
namespace {

DeflateParameters keeping(bool server, bool client, uint8_t bits = 15) {
    DeflateParameters parameters;
    parameters.server_keeps_context = server;
    parameters.client_keeps_context = client;
    parameters.server_window_bits = parameters.client_window_bits = bits;
    return parameters;
}

TEST_CASE("contexts have what was negotiated, and take their memory at once") {
    DeflateOptions options;
    CompressionMemory memory{0};
    Counter counted;
    {
        const auto both = DeflateContext::make(keeping(true, true), options, &memory, &counted);
        CHECK(both->deflater());
        CHECK(both->inflater());
        CHECK(memory.load() == DeflateContext::memory_bytes(keeping(true, true)));
        CHECK(counted.get() == memory.load());
        const auto server = DeflateContext::make(keeping(true, false), options, &memory, &counted);
        CHECK(server->deflater());
        CHECK_FALSE(server->inflater());
        const auto client = DeflateContext::make(keeping(false, true, 8), options, &memory, &counted);
        CHECK_FALSE(client->deflater());
        CHECK(client->inflater());
    }
    CHECK(memory.load() == 0);
    CHECK(counted.get() == 0);
    // What docs/protocol.md says.
    CHECK(DeflateContext::memory_bytes(keeping(true, true, 15)) / 1024 == 304);
    CHECK(DeflateContext::memory_bytes(keeping(true, true, 12)) / 1024 == 68);
    CHECK(DeflateContext::memory_bytes(keeping(true, true, 9)) / 1024 == 22);
}

TEST_CASE("no more contexts than the memory of all allows; one that goes makes room") {
    DeflateOptions options;
    options.max_memory_bytes = 10 * DeflateContext::memory_bytes(keeping(true, true)) + 1000;
    CompressionMemory memory{0};
    Counter counted;
    std::vector<std::unique_ptr<DeflateContext>> made;
    while (auto one = DeflateContext::make(keeping(true, true), options, &memory, &counted))
        made.push_back(std::move(one));
    CHECK(made.size() == 10);
    CHECK(memory.load() <= options.max_memory_bytes);
    CHECK_FALSE(DeflateContext::make(keeping(true, true), options, &memory, &counted));
    made.pop_back();
    CHECK(DeflateContext::make(keeping(true, true), options, &memory, &counted));
}

}  // namespace
}  // namespace gatewayd
