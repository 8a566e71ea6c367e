// The hub's fan-out against a naive one that gives each message to each recipient at once: every recipient
// must get exactly the same messages in exactly the same order.
#include "core/hub/hub_shard.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace gatewayd {
namespace {

// Frames of this test: one byte of length, then the text.
void append_texts(std::string_view frames, std::vector<std::string>* out) {
    while (!frames.empty()) {
        const auto size = static_cast<unsigned char>(frames.front());
        REQUIRE(frames.size() > size);
        out->emplace_back(frames.substr(1, size));
        frames.remove_prefix(1 + size);
    }
}

class FakeRecipient final : public Recipient {
   public:
    FakeRecipient(HubShard* hub, const std::string& client, const std::string& user, uint64_t connection,
                  bool hooked_one) {
        auto identity = std::make_shared<Identity>();
        identity->client_id = client;
        identity->user_id = user;
        identity->handle = hub->reserve(connection);
        identity_ = std::move(identity);
        hooked_ = hooked_one;
    }
    bool enqueue(const Slice& frames) override {
        if (!taking) return false;
        append_texts(frames.view(), &received);
        return true;
    }
    bool enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages) override {
        CHECK_FALSE(hooked());
        if (!taking) return false;
        const size_t before = received.size();
        size_t size = 0;
        uint32_t said = 0;
        for (int i = 0; i < count; ++i) {
            append_texts(slices[i].view(), &received);
            size += slices[i].length;
            said += slices[i].messages;
        }
        CHECK(size == bytes);
        CHECK(said == messages);
        CHECK(received.size() - before == messages);
        return true;
    }
    bool deliver(const Slice& frame) override {
        CHECK(hooked());
        return enqueue(frame);
    }

    std::vector<std::string> received;
    bool taking = true;
};

class World {
   public:
    explicit World(unsigned seed) : random_(seed) {}

    void step() {
        switch (random_() % 16) {
            case 0:
                add();
                break;
            case 1:
                if (random_() % 3 == 0) remove();
                break;
            case 2:
            case 3:
                subscribe();
                break;
            case 4:
                unsubscribe();
                break;
            case 5:
            case 6:
                to_one();
                break;
            case 7:
                settle();
                break;
            case 8:
                flush();
                break;
            case 9:
            case 10:
            case 11:
                to_everyone();
                break;
            default:
                to_topic();
        }
    }

    void end() {
        flush();
        while (!members_.empty())
            remove();
        for (const auto& topic : topics_)
            REQUIRE(directory_.reactors_of_topic(topic) == 0);
        REQUIRE(hub_.size() == 0);
    }

   private:
    struct Member {
        std::unique_ptr<FakeRecipient> recipient;
        std::vector<std::string> expected;
        std::set<std::string> topics;
    };

    Slice frame(std::string* text) {
        *text = "m" + std::to_string(++sent_);
        if (!turn_ || random_() % 5 == 0) turn_ = BufferRef::make();
        const auto offset = static_cast<uint32_t>(turn_->bytes.size());
        turn_->bytes.push_back(static_cast<char>(text->size()));
        turn_->bytes += *text;
        if (random_() % 6 == 0) turn_->bytes += "gap";
        return {turn_, offset, static_cast<uint32_t>(text->size() + 1), 1};
    }
    Member* any() { return members_.empty() ? nullptr : &members_[random_() % members_.size()]; }
    std::string topic() { return topics_[random_() % topics_.size()]; }

    void add() {
        if (members_.size() >= 12) return;
        const uint64_t connection = ++connections_;
        Member member;
        member.recipient = std::make_unique<FakeRecipient>(&hub_, "c" + std::to_string(connection),
                                                           "u" + std::to_string(random_() % 4), connection,
                                                           random_() % 4 == 0);
        hub_.add(member.recipient.get());
        REQUIRE(hub_.find(member.recipient->identity()->handle) == member.recipient.get());
        members_.push_back(std::move(member));
        REQUIRE(hub_.size() == members_.size());
    }
    void remove() {
        Member* member = any();
        if (!member) return;
        hub_.remove(member->recipient.get());
        REQUIRE(member->recipient->received == member->expected);
        REQUIRE(hub_.find(member->recipient->identity()->handle) == nullptr);
        REQUIRE(hub_.find_client(member->recipient->identity()->client_id) == nullptr);
        members_.erase(members_.begin() + (member - members_.data()));
    }
    void subscribe() {
        Member* member = any();
        if (!member) return;
        const std::string name = topic();
        const auto joined =
            member->topics.insert(name).second ? HubShard::Join::joined : HubShard::Join::already;
        REQUIRE(hub_.subscribe(member->recipient.get(), name) == joined);
        REQUIRE(directory_.reactors_of_topic(name) == reactor_bit(3));
    }
    void unsubscribe() {
        Member* member = any();
        if (!member) return;
        const std::string name = topic();
        REQUIRE(hub_.unsubscribe(member->recipient.get(), name) == (member->topics.erase(name) > 0));
        const bool somebody = std::any_of(members_.begin(), members_.end(),
                                          [&](const Member& m) { return m.topics.count(name) > 0; });
        REQUIRE((directory_.reactors_of_topic(name) != 0) == somebody);
    }

    uint64_t expect(const std::string& text, Member* not_to,
                    const std::function<bool(const Member&)>& is_for) {
        uint64_t count = 0;
        for (Member& member : members_) {
            if (&member == not_to || !member.recipient->taking || !is_for(member)) continue;
            member.expected.push_back(text);
            ++count;
        }
        return count;
    }
    void to_one() {
        Member* member = any();
        Member* not_to = random_() % 3 ? nullptr : any();
        const Recipient* left_out = not_to ? not_to->recipient.get() : nullptr;
        if (!member) return;
        std::string text;
        const Slice slice = frame(&text);
        const Identity& identity = *member->recipient->identity();
        if (random_() % 2) {
            const uint64_t taken = hub_.to_client(identity.client_id, slice, left_out);
            REQUIRE(taken == expect(text, not_to, [&](const Member& m) { return &m == member; }));
        } else {
            const uint64_t taken = hub_.to_user(identity.user_id, slice, left_out);
            REQUIRE(taken == expect(text, not_to, [&](const Member& m) {
                        return m.recipient->identity()->user_id == identity.user_id;
                    }));
        }
    }
    HubShard::Counted count_of(uint64_t expected) {
        if (random_() % 4 == 0) return {};
        ++counts_due_;
        return [this, expected](uint64_t delivered) {
            CHECK(delivered == expected);
            --counts_due_;
        };
    }
    void to_everyone() {
        Member* not_to = random_() % 2 ? nullptr : any();
        std::string text;
        const Slice slice = frame(&text);
        const uint64_t expected = expect(text, not_to, [](const Member&) { return true; });
        hub_.to_everyone(slice, not_to ? not_to->recipient.get() : nullptr, count_of(expected));
    }
    void to_topic() {
        Member* not_to = random_() % 2 ? nullptr : any();  // a member of the topic or not
        const std::string name = topic();
        std::string text;
        const Slice slice = frame(&text);
        const uint64_t expected =
            expect(text, not_to, [&](const Member& m) { return m.topics.count(name) > 0; });
        hub_.to_topic(name, slice, not_to ? not_to->recipient.get() : nullptr, count_of(expected));
    }
    // Something that goes past the hub to one recipient.
    void settle() {
        Member* member = any();
        if (!member) return;
        hub_.settle(member->recipient.get());
        REQUIRE(member->recipient->received == member->expected);
        std::string text;
        const Slice slice = frame(&text);
        if (member->recipient->enqueue(slice)) member->expected.push_back(text);
    }
    void flush() {
        hub_.flush_fanout();
        REQUIRE(counts_due_ == 0);
        for (const Member& member : members_)
            REQUIRE(member.recipient->received == member.expected);
        // Between turns some stop taking, as a slow client does.
        for (Member& member : members_)
            member.recipient->taking = random_() % 8 != 0;
        if (random_() % 2) turn_ = BufferRef();
    }

    std::mt19937 random_;
    Directory directory_;
    HubShard hub_{3, &directory_};
    std::vector<Member> members_;
    const std::vector<std::string> topics_{"t1", "t2", "t3"};
    uint64_t connections_ = 0;
    uint64_t sent_ = 0;
    int counts_due_ = 0;
    BufferRef turn_;
};

TEST_CASE("random joins, leaves and messages reach whom and when a naive hub would") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        World world(seed);
        for (int i = 0; i < 250; ++i)
            world.step();
        world.end();
    }
}

TEST_CASE("places are used again, and an old handle does not find the new connection") {
    Directory directory;
    HubShard hub(1, &directory);
    const ConnectionHandle first = hub.reserve(7);
    CHECK(first.reactor() == 1);
    CHECK(hub.find(first) == nullptr);  // reserved, not there yet
    hub.cancel(first);
    FakeRecipient recipient(&hub, "c", "u", 8, false);
    CHECK(recipient.identity()->handle.place() == first.place());
    hub.add(&recipient);
    CHECK(hub.find(first) == nullptr);
    CHECK(hub.find(recipient.identity()->handle) == &recipient);
    CHECK(hub.find({first.slot + 100, 8}) == nullptr);
    CHECK(hub.has_user("u"));
    hub.remove(&recipient);
    CHECK_FALSE(hub.has_user("u"));
}

TEST_CASE("a connection is in at most so many topics") {
    Directory directory;
    HubShard hub(0, &directory);
    FakeRecipient recipient(&hub, "c", "u", 1, false);
    hub.add(&recipient);
    for (size_t i = 0; i < max_topics_per_connection; ++i) {
        REQUIRE(hub.subscribe(&recipient, "t" + std::to_string(i)) == HubShard::Join::joined);
    }
    CHECK(hub.subscribe(&recipient, "one more") == HubShard::Join::limit);
    CHECK(directory.reactors_of_topic("one more") == 0);
    CHECK(hub.subscribe(&recipient, "t5") == HubShard::Join::already);
    hub.remove(&recipient);
    CHECK(directory.reactors_of_topic("t5") == 0);
}

TEST_CASE("a message to nobody is counted at once") {
    Directory directory;
    HubShard hub(0, &directory);
    uint64_t counted = 99;
    const Slice frame{BufferRef::make(), 0, 0, 1};
    hub.to_everyone(frame, nullptr, [&](uint64_t delivered) { counted = delivered; });
    CHECK(counted == 0);
    counted = 99;
    hub.to_topic("t", frame, nullptr, [&](uint64_t delivered) { counted = delivered; });
    CHECK(counted == 0);
    CHECK(hub.to_client("c", frame, nullptr) == 0);
    CHECK(hub.to_user("u", frame, nullptr) == 0);
    hub.flush_fanout();
}

}  // namespace
}  // namespace gatewayd
