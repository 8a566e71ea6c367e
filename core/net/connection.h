// Connection: one socket, from accept to close: reads the request head, then frames; writes what is queued
// once a turn; keeps the deadlines. Knows nothing of messages' meaning: that is its handler's.
//
// Owned by its Reactor and used on that reactor's thread only. A connection never changes its reactor. The
// object lives until the end of the turn in which it was destroyed.
#ifndef GATEWAYD_CORE_NET_CONNECTION_H
#define GATEWAYD_CORE_NET_CONNECTION_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/address.h"
#include "core/base/disconnect.h"
#include "core/base/shared_buffer.h"
#include "core/base/timer_wheel.h"
#include "core/net/deflate_context.h"
#include "core/net/handshake.h"
#include "core/net/held_bytes.h"
#include "core/net/message_assembler.h"
#include "core/net/outbound_queue.h"
#include "core/net/tls_stream.h"

namespace gatewayd {

class Connection;
class Reactor;

// What an accepted connection talks to. Called on the reactor's thread.
class ConnectionHandler {
   public:
    virtual ~ConnectionHandler() = default;
    // A whole message; text is valid UTF-8. `payload` is the handler's to change until it returns.
    virtual void on_message(Connection& connection, bool binary, char* payload, size_t size) = 0;
    // Once, when the connection stops being usable; the handler is not called again. `code` and `text` are
    // what the close frame says or said (1006 when there was none).
    virtual void on_closed(Connection& connection, DisconnectReason reason, uint16_t code,
                           std::string_view text) = 0;
};

class Connection : public TimerWheel::Node {
   public:
    Connection(Reactor& reactor, int fd, const PeerAddress& peer, uint64_t id, bool from_proxy);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    uint64_t id() const { return id_; }  // unique in this process
    // The client's, also when a trusted proxy is between; the proxy's own until it has said whose it is.
    const PeerAddress& remote_address() const { return remote_; }
    // The trusted proxy that the client came through, while the socket is connected. Nothing: there is none.
    std::optional<PeerAddress> proxy_address() const;
    Reactor& reactor() const { return reactor_; }
    bool open() const { return state_ == State::open && !doomed_; }
    bool deciding() const { return state_ == State::deciding; }
    TlsVersion tls_version() const { return tls_ ? tls_->version() : TlsVersion::none; }

    // The answer to ReactorService::on_handshake, during it or later. Exactly one of them; after the
    // connection died meanwhile they do nothing. accept() returns false then. A refusal of status 0 says
    // nothing and ends the stream.
    bool accept(ConnectionHandler* handler, const std::string& response);
    void refuse(const Refusal& refusal);
    // Before it, once: the Sec-WebSocket-Extensions to accept with, to which the connection keeps from then
    // on; empty: none.
    std::string negotiate_deflate(const HandshakeRequest& request);
    bool deflates() const { return deflate_window_bits_ != 0; }
    bool keeps_deflate_context() const { return deflate_context_ != nullptr; }

    // Queues whole frames for the end of the turn. False: not taken (closed, or the slow-client policy).
    bool enqueue(Slice slice);
    // The same for frames that lie in several slices; writes them at once when nothing waits before them.
    bool enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages);

    // Reads no further until resume_reading(): frames keep their order, what came already is kept. Hang-ups,
    // deadlines and pings go on, but for client_timeout, which begins anew then. Nothing when not open.
    void pause_reading();
    void resume_reading();
    // Ticks until its next deadline: while deciding, what is left of handshake_timeout.
    uint32_t ticks_left() const { return next_deadline(); }

    // Sends a close frame and ends the session: on_closed is called before this returns.
    void close(CloseCode code, std::string_view text, DisconnectReason reason);
    // Closes at the end of this turn; safe inside hooks of this connection. `text` must live until then.
    void close_later(CloseCode code, const char* text, DisconnectReason reason);

   private:
    friend class Reactor;
    enum class State : uint8_t {
        reading_head,
        deciding,  // the handshake is with the service
        open,
        closing,    // our close frame is on its way; the client's is awaited
        lingering,  // nothing more to say; waiting for the client's end of stream
        dead,
    };

    // --- called by the reactor ---
    void on_events(uint32_t events);
    void on_due();
    void end_of_turn();  // of a touched connection

    // The way in: read() -> read_proxy_header(), from a proxy -> on_wire_bytes() -> decrypt(), with TLS ->
    // on_bytes() -> take_head(), then take_frames().
    void read();
    bool read_proxy_header();
    void refuse_proxy_header(const char* why);
    void refuse_unexpected_proxy_header();
    bool take_forwarded(const HandshakeRequest& request);
    bool admit_client(const PeerAddress& client);
    void refuse_full();
    void on_wire_bytes(char* data, size_t size);
    void on_bytes(char* data, size_t size);
    void take_head(char** data, size_t* size);
    void refuse_no_http(char first);
    void take_frames(char* data, size_t size);
    void hold(std::string_view bytes);
    bool take_whole_frame(char** data, size_t* size);
    bool complete_frame(const char* data, size_t* size);
    void assemble(char** data, size_t* size);
    void on_frame(Opcode opcode, char* payload, size_t size);
    void on_deflated(Opcode opcode, std::string_view compressed);
    void on_close_frame(std::string_view payload);
    void fail(const ProtocolError& error);

    Slice deflated(const Slice& plain);
    bool enqueue_deflated_now(const Slice* slices, int count, uint32_t messages);
    void forget_deflate();
    bool queue(Slice slice);
    bool write_or_queue(const Slice* slices, int count, size_t bytes, uint32_t messages);
    void push(Slice slice);
    void push_control(std::string frame);
    bool over_limits() const;
    bool hopeless(const Slice& slice) const;
    bool relieve(uint32_t messages);
    bool sheddable() const { return open() && blocked_ && !queue_.empty(); }
    void shed();
    void log_slow(SlowClientAction action);
    ssize_t write(iovec* parts, int count);
    ssize_t send_parts(iovec* parts, int count);
    void consume(size_t written);
    void flush();
    void set_blocked(bool blocked);

    // --- on TLS: connection_tls.cc ---
    bool may_read_tls() const;
    void decrypt(std::string_view data);
    void count_tls_handshake();
    void end_of_tls();
    void fail_tls();
    bool refuse_not_tls(std::string_view data);
    void refuse_tls(int status, const std::string& why, std::string body);
    ssize_t write_tls(iovec* parts, int count);
    bool send_output();
    bool send_waiting();
    bool say_tls_close();
    void forget_tls();

    // At the end of the turn, without a word: the socket does not work any more.
    void lose();
    bool lost() const { return doomed_ && doomed_reason_ == DisconnectReason::connection_lost; }
    void end_session(DisconnectReason reason, uint16_t code, std::string_view text);
    void start_linger();
    void destroy();
    void set_reading(bool reading);
    void update_events();
    void schedule(uint32_t ticks_from_now);
    uint32_t next_deadline() const;

    // constant
    Reactor& reactor_;
    const uint64_t id_;

    // the reactor's
    PeerAddress remote_;
    bool from_proxy_ = false;           // the peer is a trusted proxy
    bool awaits_proxy_header_ = false;  // a PROXY header comes before anything else
    bool counted_ = false;              // a proxy's client: in NodeLimits under remote_
    int fd_;
    State state_ = State::reading_head;
    bool touched_ = false;
    bool blocked_ = false;  // the socket took less than was offered
    bool reading_ = true;
    bool paused_ = false;
    bool doomed_ = false;              // ends with this turn: close_later(), or a write failed
    bool refusing_ = false;            // over a limit: counted in NodeLimits::refusing, not admitted
    bool shut_ = false;                // our end of the stream is closed
    uint8_t deflate_window_bits_ = 0;  // of what we compress; 0: not negotiated
    RejectReason refuse_reason_ = RejectReason::node_full;
    CloseCode doomed_code_ = close_normal;
    DisconnectReason doomed_reason_ = DisconnectReason::kicked;
    uint32_t received_tick_ = 0;  // of the last bytes
    uint32_t ping_tick_ = 0;      // of the last ping, or of the accepted handshake
    uint32_t state_tick_ = 0;     // when state_ was entered
    uint32_t progress_tick_ = 0;  // of the last written byte, while blocked_ or closing
    bool slow_logged_ = false;
    uint32_t slow_logged_tick_ = 0;  // of the last line about a slow client
    uint32_t list_index_ = 0;        // in Reactor::connections_
    ConnectionHandler* handler_ = nullptr;
    const char* doomed_text_ = "";
    OutboundQueue queue_;
    std::unique_ptr<MessageAssembler> assembler_;
    std::unique_ptr<TlsStream> tls_;                   // null: plain
    std::unique_ptr<DeflateContext> deflate_context_;  // null: without context takeover
    std::unique_ptr<std::string> head_;  // bytes of an incomplete head; while deciding, what came behind it
    std::unique_ptr<HeldBytes> held_;    // what came before reading paused
};

}  // namespace gatewayd

#endif
