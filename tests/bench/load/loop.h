// Every client connection of a run, in one epoll set on one thread. It is built to cost less than the server
// it drives: one shared read buffer, one recv and at most one send for each ready connection and turn.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_LOOP_H
#define GATEWAYD_TESTS_BENCH_LOAD_LOOP_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/deflate.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/tls.h"
#include "tests/bench/load/wire.h"

namespace load {

// What happens to connections, told to the run's mode. May call the Loop's functions.
class Handler {
   public:
    virtual ~Handler() = default;
    // Upgraded, and in the gateway dialect `connected` has come.
    virtual void on_ready(uint32_t client) = 0;
    virtual void on_text(uint32_t client, std::string_view text) = 0;
    // The close that close() began is complete: close frames both ways, then the end of the stream.
    virtual void on_closed(uint32_t client) = 0;
};

class Loop {
   public:
    // Throws std::runtime_error when there are not enough file descriptors.
    Loop(const Options& options, Handler& handler, uint32_t clients);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Begins to connect to this path. `spread` takes one of several loopback addresses, so that a run of many
    // short connections does not use up one address's ports.
    void open(uint32_t client, std::string_view path, bool spread = false);
    // Sent when the turn ends.
    void send(uint32_t client, Opcode opcode, std::string_view payload, bool packed = false);
    void close(uint32_t client);

    // Waits for events, at most so long; handles them; sends what is waiting.
    void turn(int timeout_ms);

    // Counts what should not have happened and keeps the first one's words.
    void fail(const std::string& why);

    uint32_t ready_count() const { return ready_count_; }
    uint64_t error_count() const { return error_count_; }
    const std::string& first_error() const { return first_error_; }
    // When the connection in hand was read, else when this turn's events were taken.
    uint64_t now_ns() const { return now_ns_; }

   private:
    enum class State : uint8_t { closed, securing, upgrading, identifying, ready, closing };

    struct Client {
        int fd = -1;
        State state = State::closed;
        bool dirty = false;    // in dirty_
        bool blocked = false;  // the socket refused more
        bool watches_out = false;
        std::unique_ptr<TlsStream> tls;  // null without --tls
        std::string in;                  // the incomplete frame
        std::string out;
    };

    void secure(uint32_t index);
    void read(uint32_t index);
    ssize_t receive(Client& client, char* to, size_t size) const;
    size_t consume(uint32_t index, std::string_view bytes);
    void on_frame(uint32_t index, const Frame& frame);
    void on_first_text(uint32_t index, std::string_view text);
    void become_ready(uint32_t index);
    void mark_dirty(uint32_t index);
    void flush(uint32_t index);
    void watch(Client& client, uint32_t index, int operation) const;
    void drop(uint32_t index);
    void fail_client(uint32_t index, const std::string& why);

    const Options& options_;
    Handler& handler_;
    int epoll_ = -1;
    std::vector<Client> clients_;
    std::vector<uint32_t> dirty_;
    std::vector<char> buffer_;
    std::unique_ptr<TlsClient> tls_;
    Unpacker unpacker_;
    uint32_t ready_count_ = 0;
    uint32_t spread_ = 0;
    uint64_t error_count_ = 0;
    uint64_t now_ns_ = 0;
    std::string first_error_;
};

uint64_t monotonic_ns();

}  // namespace load

#endif
