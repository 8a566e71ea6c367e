#include <optional>
#include <vector>

#include "tests/bench/load/flow.h"
#include "tests/bench/load/payload.h"
#include "tests/bench/load/session.h"

namespace load {
namespace {

// The text of a field; empty: it is not there.
std::string_view text_of(std::string_view json, std::string_view field) {
    const std::string key = '"' + std::string(field) + "\":\"";
    const size_t at = json.find(key);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = json.substr(at + key.size());
    return rest.substr(0, rest.find('"'));
}

// Clients 0 to connections - 1 are customers, those after them agents.
class Desk : public Session {
   protected:
    explicit Desk(const Options& options) : Session(options, options.connections + options.agents) {}

    bool open_all() {
        const uint32_t all = options_.connections + options_.agents;
        return open_clients(options_.connections, all, "") && open_clients(0, options_.connections, "");
    }
    void send(uint32_t client, std::string_view text) { loop_.send(client, Opcode::text, text, false); }
    // Whether it is a frame about tickets, which a client may be told.
    static bool is_notice(std::string_view text) {
        return text.find("\"type\":\"ticket_") != std::string_view::npos;
    }
};

class Talks : public Desk {
   public:
    explicit Talks(const Options& options) : Desk(options), tickets_(options.connections) {}

    Outcome run() {
        const auto count = [this] { return received_; };
        if (open_all() && open_tickets()) {
            for (uint32_t sender = 0; sender < 2 * options_.connections; ++sender) {
                for (uint32_t k = 0; k < options_.window; ++k)
                    send_next(sender);
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
        if (!find_stamp(text, stamp) || stamp.sender >= senders_.size()) return on_notice(client, text);
        Sender& sender = senders_[stamp.sender];
        if (recipient_of(stamp.sender) != client || stamp.sequence >= sender.sent ||
            !sender.payload.carried_by(text, stamp))
            return Session::on_text(client, text);
        if (!sender.flow.receive(stamp.sequence)) return;
        ++received_;
        if (meter_.measuring())
            report_.latency.add(loop_.now_ns() - sender.sent_at_ns[stamp.sequence % options_.window]);
        if (!stopping_) send_next(stamp.sender);
    }

   private:
    struct Ticket {
        std::string id;
        uint32_t agent = 0;  // its client
    };
    // Numbers below `connections` are customers', the others the agents', in the same order.
    struct Sender {
        Sender(Payload p, uint32_t window) : payload(std::move(p)), sent_at_ns(window) {}
        Payload payload;
        Flow flow;
        uint32_t sent = 0;
        std::vector<uint64_t> sent_at_ns;  // by sequence number modulo window
    };

    bool open_tickets() {
        const auto assigned = [this] { return assigned_; };
        for (uint32_t customer = 0; customer < options_.connections; ++customer)
            send(customer, R"({"type":"ticket_create","id":1})");
        if (!meter_.turn_until([this] { return assigned_ == options_.connections; }, assigned, "assigning"))
            return false;
        senders_.reserve(2 * options_.connections);
        for (uint32_t sender = 0; sender < 2 * options_.connections; ++sender) {
            const std::string& ticket = tickets_[sender % options_.connections].id;
            senders_.emplace_back(Payload(options_, sender, ticket, "ticket_id"), options_.window);
        }
        return true;
    }

    void on_notice(uint32_t client, std::string_view text) {
        if (!is_notice(text)) return Session::on_text(client, text);
        const std::string_view agent = text_of(text, "agent_id");
        if (client >= options_.connections || agent.empty() || !tickets_[client].id.empty()) return;
        tickets_[client] = {std::string(text_of(text, "ticket_id")),
                            static_cast<uint32_t>(std::stoul(std::string(agent.substr(1))))};
        ++assigned_;
    }

    uint32_t recipient_of(uint32_t sender) const {
        return sender < options_.connections ? tickets_[sender].agent : sender - options_.connections;
    }

    void send_next(uint32_t index) {
        Sender& sender = senders_[index];
        const bool is_customer = index < options_.connections;
        const uint32_t client = is_customer ? index : tickets_[index - options_.connections].agent;
        sender.sent_at_ns[sender.sent % options_.window] = loop_.now_ns();
        send(client, sender.payload.wire(sender.sent));
        ++sender.sent;
        ++sent_;
    }

    std::vector<Ticket> tickets_;  // by customer
    std::vector<Sender> senders_;
    uint64_t assigned_ = 0;
    uint64_t sent_ = 0;
    uint64_t received_ = 0;
    bool stopping_ = false;
};

class Assigns : public Desk {
   public:
    explicit Assigns(const Options& options) : Desk(options), opened_at_ns_(options.connections) {}

    Outcome run() {
        const auto count = [this] { return assigned_; };
        if (open_all()) {
            for (uint32_t customer = 0; customer < options_.connections; ++customer)
                open_ticket(customer);
            meter_.measure(count, report_);
            stopping_ = true;
            drain([this] { return under_way_ == 0; }, count);
        }
        return outcome();
    }

    void on_text(uint32_t client, std::string_view text) override {
        if (!is_notice(text)) return Session::on_text(client, text);
        if (client >= options_.connections) return;
        const std::string_view type = text_of(text, "type");
        if (type == "ticket_assigned") {
            ++assigned_;
            if (meter_.measuring()) report_.latency.add(loop_.now_ns() - opened_at_ns_[client]);
            send(client, R"({"type":"ticket_close","id":2,"ticket_id":")" +
                             std::string(text_of(text, "ticket_id")) + "\"}");
        } else if (type == "ticket_closed" && text.find("\"id\":2,") != std::string_view::npos) {
            --under_way_;
            if (!stopping_) open_ticket(client);
        }
    }

   private:
    void open_ticket(uint32_t customer) {
        opened_at_ns_[customer] = loop_.now_ns();
        send(customer, R"({"type":"ticket_create","id":1})");
        ++under_way_;
    }

    std::vector<uint64_t> opened_at_ns_;  // by customer
    uint64_t assigned_ = 0;
    uint32_t under_way_ = 0;
    bool stopping_ = false;
};

}  // namespace

Outcome run_ticket(const Options& options) {
    return Talks(options).run();
}

Outcome run_assign(const Options& options) {
    return Assigns(options).run();
}

}  // namespace load
