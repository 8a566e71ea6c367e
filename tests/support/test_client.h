// A blocking WebSocket client over a plain socket, for unit tests: knows nothing of the code under test but
// how frames are written. Every wait has a deadline of 60 s, after which reading gives what it has.
#ifndef GATEWAYD_TESTS_SUPPORT_TEST_CLIENT_H
#define GATEWAYD_TESTS_SUPPORT_TEST_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/net/client_frames.h"

namespace gatewayd::testing {

class TestClient {
   public:
    explicit TestClient(uint16_t port, int receive_buffer_bytes = 0) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_buffer_bytes) {
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
        }
        const timeval limit{60, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~TestClient() { hang_up(); }
    TestClient(TestClient&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), read_(std::move(other.read_)) {}
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;

    bool connected() const { return connected_; }
    int fd() const { return fd_; }
    void hang_up() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    // False: the server is gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }
    bool send_text(std::string_view text) { return send(client_frame(Opcode::text, text)); }
    bool send_close(uint16_t code) { return send(client_close(code)); }

    static std::string upgrade(const std::string& target, const std::string& more = "") {
        return "GET " + target +
               " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + more + "\r\n";
    }
    // The status of the answer; 0: none came.
    int handshake(const std::string& target, const std::string& more = "") {
        send(upgrade(target, more));
        return read_status();
    }
    // Reads a response head (and no body).
    int read_status() {
        size_t end;
        while ((end = read_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return 0;
        }
        head = read_.substr(0, end + 4);
        read_.erase(0, end + 4);
        return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0;
    }

    struct Received {
        Opcode opcode;
        std::string payload;
        uint16_t close_code() const {
            if (payload.size() < 2) return 1005;
            return static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                         static_cast<unsigned char>(payload[1]));
        }
    };
    // The next whole frame; nothing: the stream has ended.
    std::optional<Received> read_frame() {
        for (;;) {
            if (read_.size() >= 2) {
                const auto length7 = static_cast<unsigned char>(read_[1]);
                const size_t header = length7 < 126 ? 2 : length7 == 126 ? 4 : 10;
                if (read_.size() >= header) {
                    const size_t size = server_frame_size(read_);
                    if (read_.size() >= size) {
                        Received frame{static_cast<Opcode>(read_[0] & 0x0F),
                                       read_.substr(header, size - header)};
                        read_.erase(0, size);
                        return frame;
                    }
                }
            }
            if (!fill()) return std::nullopt;
        }
    }
    // The next text; pings are passed over. Nothing: another frame or the end came first.
    std::optional<std::string> read_text() {
        for (;;) {
            std::optional<Received> frame = read_frame();
            if (frame && frame->opcode == Opcode::ping) continue;
            if (!frame || frame->opcode != Opcode::text) return std::nullopt;
            return std::move(frame->payload);
        }
    }
    // Everything to the end of the stream.
    std::string read_all() {
        while (fill())
            continue;
        return std::exchange(read_, {});
    }
    // True: the server ended the stream, and nothing unread was before it.
    bool at_end() { return !fill() && read_.empty() && !timed_out_; }

    std::string head;  // of the last response

   private:
    bool fill() {
        char buffer[64 * 1024];
        const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) timed_out_ = true;
        if (size <= 0) return false;
        read_.append(buffer, static_cast<size_t>(size));
        return true;
    }

    int fd_ = -1;
    bool connected_ = false;
    bool timed_out_ = false;
    std::string read_;
};

}  // namespace gatewayd::testing

#endif
