// Reactor: one thread with its own listener and its own connections. Asio is the outer loop (mailbox, timer);
// the sockets sit in an epoll set of our own that is one descriptor to Asio (docs/adr/0002).
//
// A turn: the mailbox's letters, or what is ready on the sockets, or a tick of the wheel; then the service
// fans out what it collected; then every touched connection is flushed once. Sockets and letters take turns:
// who needs more than a few milliseconds goes on in its next one, so that no flood delays the rest
// (docs/adr/0009). All members are the reactor thread's, but those marked [any].
#ifndef GATEWAYD_CORE_NET_REACTOR_H
#define GATEWAYD_CORE_NET_REACTOR_H

#include <sys/epoll.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/base/counters.h"
#include "core/base/heap_trim.h"
#include "core/base/pulse.h"
#include "core/base/timer_wheel.h"
#include "core/net/connection.h"
#include "core/net/listener.h"
#include "core/net/node_limits.h"
#include "core/net/options.h"
#include "core/net/reactor_deflate.h"
#include "core/net/tls_context.h"
#include "core/net/tls_stream.h"

namespace gatewayd {

// What stands above the sockets of one reactor. Called on its thread.
class ReactorService {
   public:
    virtual ~ReactorService() = default;
    // A whole upgrade request. The service answers by Connection::accept or refuse, now or later.
    virtual void on_handshake(Connection& connection, std::unique_ptr<HandshakeRequest> request) = 0;
    // A connection that ended before it was accepted (for the log and for waiting handshakes).
    virtual void on_rejected(const Connection& connection, RejectReason reason, int status) = 0;
    // A tick of time (tick_ms), before the connections' own deadlines.
    virtual void on_tick() {}
    // Before the touched connections are flushed; may touch more.
    virtual void on_end_of_turn() = 0;
    // True: so much was collected that the turn should be flushed before more is read.
    virtual bool turn_is_full() const = 0;
    // After they were flushed: buffers of the turn may be used again.
    virtual void on_turn_flushed() = 0;
};

class Reactor {
   public:
    using Letter = std::function<void()>;

    Reactor(const NetOptions& options, uint32_t index, NodeLimits* limits, ReactorCounters* counters);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void set_service(ReactorService* service) { service_ = service; }  // before run()
    void listen(Listener listener);                                    // before run(), or on its thread
    // Every connection is TLS. Before run(); the source outlives this reactor.
    void set_tls(const TlsSource* source);
    void run();  // until stop()

    // [any] Runs the letter on this thread, in the order of posting. False: the mailbox is full (only when
    // `bounded`) and the letter is dropped. Letters posted after stop() are dropped. `bytes`: of the message
    // that the letter keeps in memory; one letter alone may be of any size.
    bool post(Letter letter, bool bounded = true, size_t bytes = 0);
    // [any] Ends run() after the letters posted so far.
    void stop();

    // [any]
    bool stopped();

    // [any] So many letters wait that whoever writes more should read less.
    bool congested() const { return backlog_.load(std::memory_order_relaxed) > congested_letters; }
    // Reads no more from the sockets while that reactor is congested, but not for ever: its senders feel it.
    void wait_for(const Reactor* congested) { waits_for_ = congested; }

    // [any] Beats once a turn.
    const Pulse& pulse() const { return pulse_; }

    uint32_t index() const { return index_; }
    const NetOptions& options() const { return options_; }
    ReactorCounters& counters() { return *counters_; }
    size_t connection_count() const { return connections_.size(); }
    // Closes the listener: nobody new comes in.
    void stop_accepting();
    // For shutdown: closes each connection that is open, ends each that is not.
    void close_all(CloseCode code, const char* static_text, DisconnectReason reason);
    // Ends every connection at once, without a word.
    void drop_all(DisconnectReason reason);
    // Calls `then` once, at the end of the first turn, this one included, that leaves no connection.
    void when_empty(std::function<void()> then);

    // The time of this turn, read once.
    int64_t wall_ms() const { return wall_ms_; }
    uint64_t monotonic_ns() const { return monotonic_ns_; }

   private:
    friend class Connection;

    static constexpr size_t congested_letters = 256;

    void wait_for_sockets();
    void wait_for_other(uint32_t waits);
    void wait_for_tick();
    void read_clocks();
    void socket_turn();
    bool take_ready(uint64_t until_ns);
    void adapt_reads(uint64_t ns, uint64_t bytes, uint64_t events);
    void mailbox_turn();
    void forget_letters();
    void tick_turn();
    bool turn_is_full() const {
        return service_->turn_is_full() || (deflate_ && deflate_->compressor.full());
    }
    void flush_turn();
    void account_output();
    void shed_output(size_t total);
    void watch_memory();
    void end_of_turn();
    void accept_ready();
    void adopt(int fd, const PeerAddress& peer);
    void pause_accepting(int error);
    void resume_accepting();

    // --- for Connection ---
    void touch(Connection* connection);
    void retire(Connection* connection);  // its socket is closed; deleted at the end of the turn
    void modify_events(Connection* connection, uint32_t events);

    // constant
    const NetOptions options_;
    const uint32_t index_;
    NodeLimits* const limits_;
    ReactorCounters* const counters_;
    ReactorService* service_ = nullptr;

    // the thread's
    boost::asio::io_context context_{1};
    boost::asio::posix::stream_descriptor sockets_;  // the epoll set
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer accept_timer_;
    boost::asio::steady_timer congestion_timer_;
    const Reactor* waits_for_ = nullptr;
    std::chrono::steady_clock::time_point next_tick_;
    int epoll_ = -1;
    Listener listener_;
    bool accepting_paused_ = false;
    uint32_t accept_backoff_ms_ = 0;
    std::unique_ptr<char[]> buffer_;
    const TlsSource* tls_source_ = nullptr;    // null: plain
    std::unique_ptr<TlsScratch> tls_scratch_;  // outlives the connections
    int64_t handshake_ns_left_ = 0;            // of this wait
    size_t read_bytes_;                        // of one read: less while reads take long
    bool read_was_full_ = false;               // the read whose frames are being taken: there may be more
    static constexpr int max_ready = 256;
    epoll_event ready_[max_ready];  // what epoll said; from next_ready_ on it is still to be done
    int ready_count_ = 0;
    int next_ready_ = 0;
    std::vector<Connection*> connections_;
    std::vector<Connection*> touched_;
    std::vector<Connection*> retired_;
    OutboundQueue::Pool queue_pool_;
    std::unique_ptr<ReactorDeflate> deflate_;  // null: compression is not enabled
    size_t accounted_bytes_ = 0;               // our part of NodeLimits::outbound_bytes
    HeapTrim heap_trim_;                       // reactor 0 trims for all
    TimerWheel wheel_;
    int64_t wall_ms_ = 0;
    uint64_t monotonic_ns_ = 0;
    std::function<void()> when_empty_;
    Pulse pulse_;

    // shared
    std::mutex mailbox_mutex_;
    std::vector<Letter> mailbox_;     // guarded by mailbox_mutex_
    size_t mailbox_bytes_ = 0;        // guarded by mailbox_mutex_; those of the batch being read included
    bool stopped_ = false;            // guarded by mailbox_mutex_
    std::atomic<size_t> backlog_{0};  // letters not read yet
    std::vector<Letter> letters_;     // the thread's: the batch being read ...
    size_t next_letter_ = 0;          // ... from here on
    size_t letters_bytes_ = 0;        // ... and what it keeps in memory
};

}  // namespace gatewayd

#endif
