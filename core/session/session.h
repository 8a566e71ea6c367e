// Session: an accepted connection as the gateway knows it: to the net a handler, to the hub a recipient, to
// plugins a context. Owned by its Worker; made during the handshake, buried at the end of the turn in which
// its connection closed. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_SESSION_H
#define GATEWAYD_CORE_SESSION_SESSION_H

#include <memory>
#include <string>
#include <string_view>

#include "core/chain/chain.h"
#include "core/chain/context.h"
#include "core/chain/message_request.h"
#include "core/hub/recipient.h"
#include "core/net/connection.h"

namespace gatewayd {

class FrameRequest;
class Worker;

class Session final : public ConnectionHandler, public Recipient, public Context, public MessageSink {
   public:
    Session(Worker* worker, Connection* connection);
    ~Session() override;

    Connection& connection() { return *connection_; }
    void identify(IdentityPtr identity);

    // After the 101 was queued: greets, attaches the plugins, enters the hub.
    void open();
    // The chain that it is in, from open() on.
    const InterceptorChain& chain() const { return *chain_; }
    // Moves to the worker's chain; later, when a request of it is put aside: at the end of that one.
    void move_on();
    // The same now: a request that is put aside in a chain with one of these, and not in the worker's, is
    // cancelled there and goes on here.
    void drain(const LeavingPlugins& leaving);
    // Somebody began to trace its client, or ended it.
    void retrace();
    // Ends it now: client.disconnected and detach before this returns. Not inside its own hooks.
    void close_now(CloseCode code, std::string_view text, DisconnectReason reason);

    // --- ConnectionHandler ---
    void on_message(Connection& connection, bool binary, char* payload, size_t size) override;
    void on_closed(Connection& connection, DisconnectReason reason, uint16_t code,
                   std::string_view text) override;

    // --- Recipient ---
    bool enqueue(const Slice& frames) override { return queue(frames); }
    bool enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages) override {
        const bool taken = connection_->enqueue_now(slices, count, bytes, messages);
        if (tap) trace_queued(slices, count, taken);
        return taken;
    }
    bool deliver(const Slice& frame) override;

    // --- Context ---
    gw_conn_id conn_id() const override;
    bool client(gw_client* out) const override;
    bool is_open() const override;
    const InterceptorChain* current_chain() const override;
    int32_t send(std::string_view message) override;
    int32_t close(uint16_t code, std::string_view reason) override;

    // --- MessageSink ---
    int32_t route(MessageRequest& request) override;
    void refuse(MessageRequest& request, std::string_view code, std::string_view why) override;
    int32_t answer(MessageRequest& request, std::string_view message) override;
    Request::DeferralTerms deferral_terms() override;
    void ended(MessageRequest& request, int32_t status) override;

    // The same of a frame: what passed is decoded now.
    void frame_ended(FrameRequest& request, int32_t status);

    // A frame to this client alone, past all hooks, in order.
    bool send_frame(const Slice& frame);
    int32_t send_raw(bool binary, std::string_view bytes);  // GW_ codes
    void send_error(ErrorCode code, std::string_view why, std::string_view id_json);
    void send_error_word(std::string_view code, std::string_view why, std::string_view id_json);

   private:
    void on_decodable(bool binary, std::string_view bytes);
    void on_text(std::string_view text);
    // An error frame, and a line in the log, of what the client does wrong.
    void refuse_message(std::string_view code, std::string_view why, std::string_view id_json);
    bool frame_hooks_claim(bool binary, std::string_view* bytes, std::string* changed);
    void put_aside(std::unique_ptr<Request> request);
    void enter(const std::shared_ptr<const InterceptorChain>& chain);
    void change_chain();
    bool wants_deliveries() const;
    bool queue(const Slice& frame) {
        const bool taken = connection_->enqueue(frame);
        if (tap) trace_queued(&frame, 1, taken);
        return taken;
    }
    void trace_queued(const Slice* slices, int count, bool taken);
    void trace_disconnected(DisconnectReason reason, uint16_t code, std::string_view text);
    void greet();
    void log_connected() const;
    ErrorCode refusal_of(const MessageRequest& request, std::string* why) const;

    Worker* const worker_;
    Connection* const connection_;  // outlives this session
    std::shared_ptr<const InterceptorChain> chain_;
    std::unique_ptr<Request> pending_;  // put aside by a plugin; the connection reads no further
    bool opened_ = false;
    bool ended_ = false;  // client.disconnected was told: nothing new begins
    bool in_hub_ = false;
    std::unique_ptr<std::string> close_text_;                  // of a close that a plugin asked for
    mutable std::unique_ptr<const std::string> address_text_;  // once a plugin asked for it
};

}  // namespace gatewayd

#endif
