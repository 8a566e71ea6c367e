#include <vector>

#include "tests/bench/load/flow.h"
#include "tests/bench/load/payload.h"
#include "tests/bench/load/session.h"

namespace load {
namespace {

// Client 0 publishes and must hear nothing; clients 1 to connections subscribe.
class Fanout : public Session {
   public:
    explicit Fanout(const Options& options)
        : Session(options, options.connections + 1),
          payload_(options, 0, ""),
          flows_(options.connections),
          under_way_(options.window) {}

    Outcome run() {
        const auto count = [this] { return received_; };
        if (open_clients(1, options_.connections + 1, "/subscribe") && open_clients(0, 1, "/publish") &&
            all_joined()) {
            publish();
            meter_.measure(count, report_);
            stopping_ = true;
            drain([this] { return over_ == published_; }, count);
        }
        for (const Flow& flow : flows_) {
            report_.lost += flow.lost(published_);
            report_.duplicate += flow.duplicate();
            report_.reordered += flow.reordered();
        }
        return outcome();
    }

    void on_text(uint32_t client, std::string_view text) override {
        if (options_.group != 0 && text.find(R"("type":"group_joined")") != std::string_view::npos) {
            ++joined_;
            return;
        }
        Stamp stamp;
        if (client == 0 || !find_stamp(text, stamp) || stamp.sender != 0 || stamp.sequence >= published_ ||
            !payload_.carried_by(text, stamp)) {
            return Session::on_text(client, text);
        }
        if (!flows_[client - 1].receive(stamp.sequence)) return;
        ++received_;
        UnderWay& message = under_way_[stamp.sequence % options_.window];
        if (meter_.measuring()) report_.latency.add(loop_.now_ns() - message.published_at_ns);
        if (--message.missing == 0) publish();
    }

   private:
    struct UnderWay {
        uint32_t missing = 0;  // subscribers that do not have it yet
        uint64_t published_at_ns = 0;
    };

    // With --group: each has heard that it is in the group.
    bool all_joined() {
        if (options_.group == 0) return true;
        const auto joined = [this] { return joined_; };
        return meter_.turn_until([this] { return joined_ == options_.connections + 1; }, joined, "joining");
    }

    // Moves the window over the messages that everyone has, and fills it.
    void publish() {
        while (over_ < published_ && under_way_[over_ % options_.window].missing == 0)
            ++over_;
        while (!stopping_ && published_ - over_ < options_.window) {
            under_way_[published_ % options_.window] = {options_.connections, loop_.now_ns()};
            loop_.send(0, Opcode::text, payload_.wire(published_), options_.deflate != 0);
            ++published_;
        }
    }

    Payload payload_;
    std::vector<Flow> flows_;          // by subscriber
    std::vector<UnderWay> under_way_;  // by sequence number modulo window
    uint32_t over_ = 0;                // messages below it have come to everyone
    uint32_t published_ = 0;
    uint64_t joined_ = 0;
    uint64_t received_ = 0;  // by all subscribers together
    bool stopping_ = false;
};

}  // namespace

Outcome run_fanout(const Options& options) {
    return Fanout(options).run();
}

}  // namespace load
