#include <vector>

#include "tests/bench/load/flow.h"
#include "tests/bench/load/payload.h"
#include "tests/bench/load/session.h"

namespace load {
namespace {

class Exchange : public Session {
   public:
    explicit Exchange(const Options& options) : Session(options, options.connections) {
        senders_.reserve(options.connections);
        for (uint32_t i = 0; i < options.connections; ++i) {
            const std::string to =
                options.mode == Mode::user ? "u" + std::to_string(recipient_of(i)) : std::string();
            senders_.emplace_back(Payload(options, i, to), options.window);
        }
    }

    Outcome run() {
        const auto count = [this] { return received_; };
        if (open_clients(0, options_.connections, "/echo")) {
            for (uint32_t i = 0; i < senders_.size(); ++i) {
                for (uint32_t k = 0; k < options_.window; ++k)
                    send_next(i);
            }
            meter_.measure(count, report_);
            stopping_ = true;
            drain([this] { return received_ == sent_; }, count);
        }
        for (const Sender& sender : senders_) {
            report_.lost += sender.flow.lost(sender.sent);
            report_.duplicate += sender.flow.duplicate();
            report_.reordered += sender.flow.reordered();
        }
        return outcome();
    }

    void on_text(uint32_t client, std::string_view text) override {
        Stamp stamp;
        if (!find_stamp(text, stamp) || stamp.sender >= senders_.size())
            return Session::on_text(client, text);
        Sender& sender = senders_[stamp.sender];
        if (recipient_of(stamp.sender) != client || stamp.sequence >= sender.sent ||
            !sender.payload.carried_by(text, stamp)) {
            return Session::on_text(client, text);
        }
        if (!sender.flow.receive(stamp.sequence)) return;
        ++received_;
        if (meter_.measuring()) {
            report_.latency.add(loop_.now_ns() - sender.sent_at_ns[stamp.sequence % options_.window]);
        }
        if (!stopping_) send_next(stamp.sender);
    }

   private:
    struct Sender {
        Sender(Payload p, uint32_t window) : payload(std::move(p)), sent_at_ns(window) {}

        Payload payload;
        Flow flow;  // at its recipient
        uint32_t sent = 0;
        std::vector<uint64_t> sent_at_ns;  // by sequence number modulo window
    };

    uint32_t recipient_of(uint32_t sender) const {
        return options_.mode == Mode::user ? sender ^ 1U : sender;
    }

    void send_next(uint32_t index) {
        Sender& sender = senders_[index];
        sender.sent_at_ns[sender.sent % options_.window] = loop_.now_ns();
        loop_.send(index, Opcode::text, sender.payload.wire(sender.sent), options_.deflate != 0);
        ++sender.sent;
        ++sent_;
    }

    std::vector<Sender> senders_;
    uint64_t sent_ = 0;
    uint64_t received_ = 0;
    bool stopping_ = false;
};

}  // namespace

Outcome run_exchange(const Options& options) {
    return Exchange(options).run();
}

}  // namespace load
