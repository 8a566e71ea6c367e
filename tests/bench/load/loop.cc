#include "tests/bench/load/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace load {
namespace {

constexpr size_t buffer_size = 1 << 20;
constexpr uint32_t spread_addresses = 16;
constexpr int events_per_turn = 1024;

// The soft limit of open files up to the hard one.
void raise_file_limit(uint32_t needed) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < needed + 16) {
        throw std::runtime_error("the limit of open files, " + std::to_string(limit.rlim_cur) +
                                 ", is too low");
    }
}

sockaddr_in loopback(uint32_t last_byte, uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last_byte);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

uint64_t monotonic_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec);
}

Loop::Loop(const Options& options, Handler& handler, uint32_t clients)
    : options_(options), handler_(handler), clients_(clients), buffer_(buffer_size) {
    raise_file_limit(clients);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::runtime_error("no epoll");
    if (options.tls != 0) tls_ = std::make_unique<TlsClient>();
    now_ns_ = monotonic_ns();
}

Loop::~Loop() {
    for (const Client& client : clients_) {
        if (client.fd >= 0) ::close(client.fd);
    }
    ::close(epoll_);
}

void Loop::open(uint32_t index, std::string_view path, bool spread) {
    Client& client = clients_[index];
    client.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client.fd < 0) return fail(std::string("socket: ") + std::strerror(errno));
    const int one = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (spread) {
        setsockopt(client.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
        const sockaddr_in from = loopback(1 + ++spread_ % spread_addresses, 0);
        bind(client.fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from));
    }
    client.state = tls_ ? State::securing : State::upgrading;
    client.blocked = false;
    client.out = upgrade_request(path, options_.port, options_.deflate != 0, options_.token);
    const sockaddr_in to = loopback(1, options_.port);
    if (connect(client.fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 && errno != EINPROGRESS) {
        return fail_client(index, std::string("connect: ") + std::strerror(errno));
    }
    if (tls_) client.tls = tls_->open(client.fd);
    watch(client, index, EPOLL_CTL_ADD);
    mark_dirty(index);
}

void Loop::send(uint32_t index, Opcode opcode, std::string_view payload, bool packed) {
    append_frame(clients_[index].out, opcode, payload, packed);
    mark_dirty(index);
}

void Loop::close(uint32_t index) {
    if (clients_[index].state != State::ready) return;
    clients_[index].state = State::closing;
    --ready_count_;
    send(index, Opcode::close, std::string_view("\x03\xe8", 2));
}

void Loop::turn(int timeout_ms) {
    epoll_event events[events_per_turn];
    const int count = epoll_wait(epoll_, events, events_per_turn, dirty_.empty() ? timeout_ms : 0);
    now_ns_ = monotonic_ns();
    for (int i = 0; i < count; ++i) {
        const uint32_t index = events[i].data.u32;
        if ((events[i].events & EPOLLOUT) != 0) {
            clients_[index].blocked = false;
            mark_dirty(index);
        }
        if ((events[i].events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) read(index);
    }
    for (size_t i = 0; i < dirty_.size(); ++i)  // grows by those whose TLS handshake ends here
        flush(dirty_[i]);
    dirty_.clear();
}

// A step of the TLS handshake; at its end the upgrade request goes out.
void Loop::secure(uint32_t index) {
    Client& client = clients_[index];
    const TlsStream::Step step = client.tls->handshake();
    if (step == TlsStream::Step::failed) return fail_client(index, "TLS: " + tls_error());
    client.blocked = step == TlsStream::Step::wants_write;
    if (client.blocked != client.watches_out) watch(client, index, EPOLL_CTL_MOD);
    if (step != TlsStream::Step::done) return;
    client.state = State::upgrading;
    mark_dirty(index);
}

ssize_t Loop::receive(Client& client, char* to, size_t size) const {
    return client.tls ? client.tls->receive(to, size) : recv(client.fd, to, size, 0);
}

void Loop::read(uint32_t index) {
    const int fd = clients_[index].fd;
    if (fd < 0) return;
    if (clients_[index].state == State::securing) return secure(index);
    std::string& kept = clients_[index].in;
    const size_t kept_size = kept.size();
    if (kept_size != 0) std::memcpy(buffer_.data(), kept.data(), kept_size);
    const ssize_t count = receive(clients_[index], buffer_.data() + kept_size, buffer_.size() - kept_size);
    if (count > 0) {
        now_ns_ = monotonic_ns();
        const std::string_view bytes(buffer_.data(), kept_size + static_cast<size_t>(count));
        const size_t used = consume(index, bytes);
        if (clients_[index].fd != fd) return;
        clients_[index].in.assign(bytes.substr(used));
        if (clients_[index].tls && clients_[index].tls->has_more()) read(index);
        return;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (clients_[index].state == State::closing && count == 0) {
        drop(index);
        return handler_.on_closed(index);
    }
    fail_client(index,
                count == 0 ? "the server closed a connection" : std::string("recv: ") + std::strerror(errno));
}

// Handles whole frames and returns how many bytes they were.
size_t Loop::consume(uint32_t index, std::string_view bytes) {
    Client& client = clients_[index];
    size_t used = 0;
    if (client.state == State::upgrading) {
        std::string error;
        const Parse parse = parse_upgrade_answer(bytes, options_.deflate != 0, used, error);
        if (parse == Parse::invalid) fail_client(index, error);
        if (parse != Parse::whole) return 0;
        client.state = State::identifying;
        if (options_.dialect == Dialect::raw) become_ready(index);
    }
    Frame frame;
    while (client.fd >= 0) {
        const Parse parse = parse_frame(bytes.substr(used), frame);
        if (parse == Parse::invalid) fail_client(index, "an invalid frame");
        if (parse != Parse::whole) break;
        used += frame.size;
        on_frame(index, frame);
    }
    return used;
}

void Loop::on_frame(uint32_t index, const Frame& frame) {
    const State state = clients_[index].state;
    if (!frame.final) return fail_client(index, "a fragmented message");
    if (frame.packed && (options_.deflate == 0 || frame.opcode != Opcode::text)) {
        return fail_client(index, "a frame with a reserved bit");
    }
    switch (frame.opcode) {
        case Opcode::text: {
            std::string_view text = frame.payload;
            if (frame.packed && !unpacker_.unpack(frame.payload, &text)) {
                return fail_client(index, "a message that cannot be inflated");
            }
            if (state == State::identifying) return on_first_text(index, text);
            if (state != State::ready) return;  // on its way while we close
            if (options_.deflate != 0 && !frame.packed) {
                return fail_client(index, "a message that is not compressed");
            }
            return handler_.on_text(index, text);
        }
        case Opcode::ping:
            return send(index, Opcode::pong, frame.payload);
        case Opcode::close:
            if (state == State::closing) return;
            return fail_client(index,
                               "the server sent close: " +
                                   std::string(frame.payload.size() > 2 ? frame.payload.substr(2) : ""));
        default:
            return fail_client(index, "a frame of an unexpected kind");
    }
}

void Loop::on_first_text(uint32_t index, std::string_view text) {
    if (text.find(R"("type":"connected")") == std::string_view::npos) {
        return fail_client(index, "the first frame is " + std::string(text.substr(0, 200)));
    }
    become_ready(index);
}

void Loop::become_ready(uint32_t index) {
    clients_[index].state = State::ready;
    ++ready_count_;
    handler_.on_ready(index);
}

void Loop::mark_dirty(uint32_t index) {
    Client& client = clients_[index];
    if (client.dirty || client.blocked) return;
    client.dirty = true;
    dirty_.push_back(index);
}

void Loop::flush(uint32_t index) {
    Client& client = clients_[index];
    client.dirty = false;
    if (client.fd < 0 || client.out.empty()) return;
    if (client.state == State::securing) return secure(index);
    const ssize_t count = client.tls ? client.tls->send(client.out.data(), client.out.size())
                                     : ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
        return fail_client(index, std::string("send: ") + std::strerror(errno));
    }
    if (count > 0) client.out.erase(0, static_cast<size_t>(count));
    client.blocked = !client.out.empty();
    if (client.blocked != client.watches_out) watch(client, index, EPOLL_CTL_MOD);
}

void Loop::watch(Client& client, uint32_t index, int operation) const {
    client.watches_out = client.blocked;
    epoll_event event{};
    event.events = client.blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u32 = index;
    epoll_ctl(epoll_, operation, client.fd, &event);
}

void Loop::drop(uint32_t index) {
    Client& client = clients_[index];
    client.tls.reset();
    if (client.fd >= 0) ::close(client.fd);
    if (client.state == State::ready) --ready_count_;
    client.fd = -1;
    client.state = State::closed;
    client.blocked = false;
    client.in = std::string();
    client.out = std::string();
}

void Loop::fail(const std::string& why) {
    if (error_count_++ == 0) first_error_ = why;
}

void Loop::fail_client(uint32_t index, const std::string& why) {
    fail(why);
    drop(index);
}

}  // namespace load
