// audit: who connected, who left and why, and which messages came, as JSON Lines in a file. README.md
#include <memory>
#include <optional>
#include <string>

#include "gateway/plugin.hpp"
#include "journal.h"
#include "json_line.h"

namespace audit {
namespace {

void add_destination(const gateway::Destination& to, JsonLine* line) {
    switch (to.kind) {
        case GW_DEST_CLIENT:
            line->word("destination", "client");
            break;
        case GW_DEST_USER:
            line->word("destination", "user");
            break;
        case GW_DEST_TOPIC:
            line->word("destination", "topic");
            break;
        case GW_DEST_ALL:
            line->word("destination", "all");
            break;
        default:
            line->word("destination", "none");
    }
    if (!to.id.empty()) line->text("destination_id", to.id);
}

class Audit : public gateway::Interceptor {
   public:
    static constexpr uint64_t events =
        GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_MESSAGE_RECEIVED | GW_EV_REOPEN;

    void Configure(const gateway::Config& config) override {
        config.allow_only({"file", "buffer_size_kb", "content"});
        const std::string path = config.get("file").required_path();
        const auto buffer_size_kb = config.get("buffer_size_kb").integer_or(4096, 64, 1 << 20);
        with_content_ = config.get("content").bool_or(false);
        journal_ = std::make_unique<Journal>(path, static_cast<size_t>(buffer_size_kb) * 1024,
                                             [this](std::string_view text) { host().warn(text); });
    }
    void Start() override { journal_->open(); }
    void Stop() override { journal_->close(); }

    // Who it is does not change while the connection lives: written once, copied into each of its lines.
    bool Attach(gateway::Connection& connection) override {
        connection.set_slot(new std::string(identity(connection)));
        return true;
    }
    void Detach(gateway::Connection& connection) override { delete connection.slot<std::string>(); }

    void OnEvent(const gateway::Event& event, gateway::Connection& connection) override {
        if (event.type() == GW_EV_REOPEN) return journal_->reopen();
        JsonLine line;
        // A message has been stamped with its time already, as text.
        const auto stamped = event.has_message() ? event.message().field("create_at") : std::nullopt;
        stamped ? line.text("time", *stamped) : line.time("time", host().wall_time_ms());
        switch (event.type()) {
            case GW_EV_CONNECTED:
                line.word("event", "client.connected");
                break;
            case GW_EV_DISCONNECTED:
                line.word("event", "client.disconnected");
                break;
            case GW_EV_MESSAGE_RECEIVED:
                line.word("event", "message.received");
                break;
            default:
                return;
        }
        line.fields(*connection.slot<std::string>());
        if (event.type() == GW_EV_DISCONNECTED) {
            line.text("reason", event.reason());
            line.number("code", event.code());
        }
        if (event.has_message()) describe(event.message(), &line);
        journal_->append(line.finish());
    }

   private:
    static std::string identity(const gateway::Connection& connection) {
        const gateway::Client client = connection.client();
        JsonLine who;
        who.number("connection_id", static_cast<int64_t>(client.conn.generation));
        who.text("client_id", client.client_id);
        who.text("user_id", client.user_id);
        who.text("user_type", client.user_type);
        who.text("remote_address", client.remote_address);
        return std::string(who.fields());
    }

    void describe(const gateway::Request& message, JsonLine* line) const {
        if (const auto id = message.field("msg_id")) line->text("msg_id", *id);
        if (const auto type = message.field("type")) line->text("type", *type);
        add_destination(message.destination(), line);
        line->number("size", static_cast<int64_t>(message.payload().size()));
        if (!with_content_) return;
        if (const auto content = message.field("content")) {
            line->text("content", *content);
        } else if (const auto json = message.json_field("content")) {
            line->json("content", *json);
        }
    }

    std::unique_ptr<Journal> journal_;
    bool with_content_ = false;
};

}  // namespace
}  // namespace audit

GATEWAY_PLUGIN_WITH(audit::Audit, "audit", "1.0.0", "events",
                    "description=Writes connects, disconnects and messages as JSON Lines into a file\n")
