// A queue against a plain list of messages: whatever is pushed, written, dropped and compacted, what reaches
// the wire is whole frames in their order.
#include "core/net/outbound_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>

#include "core/net/frame.h"

namespace gatewayd {
namespace {

class Model {
   public:
    struct Item {
        std::string bytes;
        bool message;  // else opaque
        size_t written = 0;
    };

    explicit Model(unsigned seed) : random_(seed) {}
    ~Model() { queue_.clear(&pool_); }

    void step() {
        switch (random_() % 10) {
            case 0:
            case 1:
            case 2:
                push_batch(1 + random_() % 5);
                break;
            case 3:
                push_opaque();
                break;
            case 4:
            case 5:
            case 6:
                consume();
                break;
            case 7:
                drop_oldest();
                break;
            case 8:
                drop_newest();
                break;
            case 9:
                queue_.compact(64);
                break;
        }
        check();
    }

    void drain() {
        while (!queue_.empty()) {
            consume();
            check();
        }
        REQUIRE(items_.empty());
        REQUIRE(queue_.bytes() == 0);
        REQUIRE(queue_.messages() == 0);
    }

   private:
    // Frames behind each other in one buffer, pushed as one slice or as neighbours, like those of a turn.
    void push_batch(size_t count) {
        if (!turn_ || random_() % 4 == 0) turn_ = BufferRef::make();
        std::string& buffer = turn_->bytes;
        const bool one_slice = random_() % 2;
        size_t begin = buffer.size();
        for (size_t i = 0; i < count; ++i) {
            const std::string payload(random_() % 7 == 0 ? random_() % 400 : random_() % 30,
                                      static_cast<char>('a' + ++letter_ % 26));
            std::string frame;
            append_server_header(Opcode::text, payload.size(), &frame);
            frame += payload;
            const size_t at = buffer.size();
            buffer += frame;
            items_.push_back({frame, true});
            if (!one_slice) {
                queue_.push({turn_, static_cast<uint32_t>(at), static_cast<uint32_t>(frame.size()), 1},
                            &pool_);
            }
        }
        if (one_slice) {
            queue_.push({turn_, static_cast<uint32_t>(begin), static_cast<uint32_t>(buffer.size() - begin),
                         static_cast<uint32_t>(count)},
                        &pool_);
        }
        if (random_() % 3 == 0) buffer += "of somebody else";  // then the next slice is no neighbour
    }
    void push_opaque() {
        const std::string bytes(1 + random_() % 20, '#');
        queue_.push_opaque(bytes, &pool_);
        items_.push_back({bytes, false});
    }
    void consume() {
        iovec parts[3];
        const int count = queue_.gather(parts, 1 + static_cast<int>(random_() % 3));
        size_t offered = 0;
        for (int i = 0; i < count; ++i)
            offered += parts[i].iov_len;
        if (offered == 0) return;
        const size_t size = random_() % 3 == 0 ? offered : random_() % (offered + 1);
        std::string written;
        for (int i = 0; i < count && written.size() < size; ++i) {
            written.append(static_cast<char*>(parts[i].iov_base),
                           std::min(parts[i].iov_len, size - written.size()));
        }
        std::string expected;
        for (size_t left = size; left > 0;) {
            Item& item = items_.front();
            const size_t take = std::min(left, item.bytes.size() - item.written);
            expected += item.bytes.substr(item.written, take);
            item.written += take;
            left -= take;
            if (item.written == item.bytes.size()) items_.pop_front();
        }
        REQUIRE(written == expected);
        queue_.consume(size, &pool_);
    }
    void drop_oldest() {
        const auto victim = std::find_if(items_.begin(), items_.end(),
                                         [](const Item& item) { return item.message && item.written == 0; });
        REQUIRE(queue_.drop_oldest(&pool_) == (victim != items_.end()));
        if (victim != items_.end()) items_.erase(victim);
    }
    void drop_newest() {
        const uint32_t keep_messages = random_() % 8;
        const size_t keep_bytes = random_() % 2 ? 1'000'000 : random_() % 200;
        uint32_t messages = 0;
        size_t bytes = 0;
        uint32_t dropped = 0;
        bool full = false;
        std::deque<Item> kept;
        for (Item& item : items_) {
            const size_t size = item.bytes.size() - item.written;
            if (item.message) {
                const bool fits = !full && messages < keep_messages && bytes + size <= keep_bytes;
                if (!fits && item.written == 0) {
                    full = true;
                    ++dropped;
                    continue;
                }
                ++messages;
            }
            bytes += size;
            kept.push_back(std::move(item));
        }
        items_ = std::move(kept);
        REQUIRE(queue_.drop_newest(keep_messages, keep_bytes, &pool_) == dropped);
    }
    void check() {
        size_t bytes = 0;
        uint32_t messages = 0;
        for (const Item& item : items_) {
            bytes += item.bytes.size() - item.written;
            if (item.message) ++messages;
        }
        REQUIRE(queue_.bytes() == bytes);
        REQUIRE(queue_.messages() == messages);
        REQUIRE(queue_.empty() == items_.empty());
        const bool begun = !items_.empty() && items_.front().message && items_.front().written > 0;
        REQUIRE(queue_.begun() == begun);
    }

    std::mt19937 random_;
    OutboundQueue::Pool pool_;
    OutboundQueue queue_;
    BufferRef turn_;
    unsigned letter_ = 0;
    std::deque<Item> items_;
};

TEST_CASE("random pushes, writes, drops and compactions keep whole frames in their order") {
    for (unsigned seed = 1; seed <= 150; ++seed) {
        CAPTURE(seed);
        Model model(seed);
        for (int i = 0; i < 300; ++i)
            model.step();
        model.drain();
    }
}

TEST_CASE("a flood of pongs that nobody reads weighs what its bytes weigh") {
    OutboundQueue::Pool pool;
    OutboundQueue queue;
    constexpr size_t pongs = 100'000;
    for (size_t i = 0; i < pongs; ++i)
        queue.push_opaque(std::string("\x8a\0", 2), &pool);
    CHECK(queue.bytes() == 2 * pongs);
    iovec parts[64];
    const int count = queue.gather(parts, 64);
    CHECK(count == 4);  // of 64 KB at most, and not 100,000
    queue.consume(queue.bytes(), &pool);
    CHECK(queue.empty());
}

TEST_CASE("a waiting byte does not hold back a big buffer") {
    OutboundQueue::Pool pool;
    OutboundQueue queue;
    BufferRef turn = BufferRef::make();
    append_server_header(Opcode::text, 10, &turn->bytes);
    turn->bytes.append(10, 'x');
    const auto size = static_cast<uint32_t>(turn->bytes.size());
    turn->bytes.append(60'000, 'y');
    queue.push({turn, 0, size, 1}, &pool);
    CHECK(turn->shared());
    queue.compact(16);
    CHECK_FALSE(turn->shared());
    iovec part;
    REQUIRE(queue.gather(&part, 1) == 1);
    CHECK(std::string(static_cast<char*>(part.iov_base), part.iov_len) == turn->bytes.substr(0, size));
    queue.clear(&pool);
    CHECK(queue.empty());
}

TEST_CASE("a queue that never runs empty forgets its past") {
    OutboundQueue::Pool pool;
    OutboundQueue queue;
    std::string frame;
    append_server_header(Opcode::text, 3, &frame);
    frame += "abc";
    auto push = [&] {
        Slice slice{BufferRef::make(), 0, static_cast<uint32_t>(frame.size()), 1};
        slice.buffer->bytes = frame;
        queue.push(slice, &pool);
    };
    push();
    for (int i = 0; i < 10'000; ++i) {
        push();
        queue.consume(frame.size(), &pool);
        if (i % 7 == 0) queue.compact(16);
        REQUIRE(queue.messages() == 1);
        REQUIRE(queue.bytes() == frame.size());
    }
    queue.consume(frame.size(), &pool);
    CHECK(queue.empty());
}

}  // namespace
}  // namespace gatewayd
