#include "core/base/shared_buffer.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace gatewayd {
namespace {

TEST_CASE("a buffer is shared while more than one holds it") {
    BufferRef first = BufferRef::make();
    CHECK(first);
    CHECK_FALSE(first->shared());
    BufferRef second = first;
    CHECK(first->shared());
    CHECK(first == second);
    const BufferRef third = std::move(second);
    CHECK_FALSE(second);
    CHECK(first->shared());
    first = third;  // the same one
    CHECK(first->shared());
    first = BufferRef();
    CHECK_FALSE(first);
    CHECK_FALSE(third->shared());
}

TEST_CASE("a slice is a view by offset: appending does not move it away") {
    Slice slice{BufferRef::make(), 2, 3, 1};
    slice.buffer->bytes = "ab123cd";
    CHECK(slice.view() == "123");
    slice.buffer->bytes.append(10'000, 'x');
    CHECK(slice.view() == "123");
}

TEST_CASE("threads copy and drop references of one buffer, and the last one frees it") {
    for (int round = 0; round < 50; ++round) {
        BufferRef buffer = BufferRef::make();
        buffer->bytes = "payload";
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([held = buffer] {
                std::vector<BufferRef> copies(100, held);
                CHECK(copies.back()->bytes == "payload");
            });
        }
        buffer = BufferRef();
        for (std::thread& thread : threads)
            thread.join();
    }
}

}  // namespace
}  // namespace gatewayd
