// TlsStream: the TLS side of one connection: turns what came from the socket into plain bytes and plain bytes
// into what goes to the socket. Knows no socket; its Connection moves the bytes. Owned by its Connection, on
// that reactor's thread.
//
// TlsScratch: what a reactor lends to whichever of its streams works: an idle stream owns no buffer.
#ifndef GATEWAYD_CORE_NET_TLS_STREAM_H
#define GATEWAYD_CORE_NET_TLS_STREAM_H

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/tls_version.h"
#include "core/net/tls_context.h"

struct bio_st;

namespace gatewayd {

class TlsScratch {
   public:
    static constexpr size_t max_record_bytes = 16UL * 1024;  // of plain bytes (RFC 8446 section 5.1)
    static constexpr size_t max_flight_bytes = 64UL * 1024;  // encrypted before the socket is asked

    // `read_bytes`: how much of a socket is read at once.
    explicit TlsScratch(size_t read_bytes);
    ~TlsScratch();
    TlsScratch(const TlsScratch&) = delete;
    TlsScratch& operator=(const TlsScratch&) = delete;

    // What OpenSSL takes for the network.
    struct Wire {
        std::string_view in;  // what the stream that works may read
        std::string out;      // what it wrote
    };

   private:
    friend class TlsStream;

    const size_t plain_bytes_;
    std::unique_ptr<char[]> plain_;   // decrypted
    std::unique_ptr<char[]> record_;  // small pieces that become one record
    Wire wire_;
    bio_st* bio_ = nullptr;  // reads and writes wire_; all streams share it
};

class TlsStream {
   public:
    enum class Step : uint8_t {
        need_more,    // all that came was taken
        established,  // the handshake is over; call again
        plain,        // *plain is decrypted; call again
        end,          // the client said close_notify
        failed,       // error() says why; what is in output() is the alert
    };

    // The context must not be null. OpenSSL gets to work when a whole hello has come.
    TlsStream(std::shared_ptr<const TlsContext> context, TlsScratch* scratch)
        : context_(std::move(context)), scratch_(scratch) {}
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    // Works on bytes from the socket, from the front of *data. *plain lies in the scratch: it is valid until
    // the next call to a stream of this reactor's, and the caller may change it.
    Step step(std::string_view* data, char** plain, size_t* plain_size);
    // Encrypts from the front of the parts until a flight is full; moves the parts on. Returns the plain
    // bytes taken; less than offered and no output(): broken.
    size_t encrypt(iovec** parts, int* count);
    // Writes close_notify, once.
    void say_close();

    // What is to be sent after a call, until the next one to a stream of this reactor.
    std::string_view output() const;
    // Nothing of output() is left to do: it was sent, or is in `waiting`.
    void clear_output();

    bool begun() const { return begun_; }  // something came
    bool established() const { return established_; }
    bool failed() const { return failed_; }
    TlsVersion version() const { return version_; }
    bool resumed() const { return resumed_; }
    const std::string& error() const;

    // Encrypted bytes that the socket did not take: at most a flight and what the protocol itself says.
    std::string waiting;

   private:
    Step begin(std::string_view* data);
    Step shake_hands();
    Step read(char** plain, size_t* plain_size);
    Step fail();

    const std::shared_ptr<const TlsContext> context_;
    TlsScratch* const scratch_;
    ssl_st* ssl_ = nullptr;
    std::unique_ptr<std::string> hello_;  // the part of it that has come
    std::unique_ptr<std::string> error_;
    TlsVersion version_ = TlsVersion::none;
    bool begun_ = false;
    bool established_ = false;
    bool resumed_ = false;
    bool failed_ = false;
    bool close_said_ = false;
};

}  // namespace gatewayd

#endif
